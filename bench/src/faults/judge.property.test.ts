import { seededRandom } from '@session-cluster/visitor'
import { expect, it } from 'vitest'
import type { History, Operation, Visit } from './history.ts'
import { judge } from './judge.ts'

/** A session as a server without faults keeps it. */
interface Session {
  q: string
  count: number
  readonly cart: string[]
}

/** What a server answers to one request; applied at one moment, between its sending and its answer or, unanswered, later. */
type Answer = Pick<Visit, 'status' | 'body' | 'reason' | 'given'>

/** Sessions without any fault but those of the line: every change at one moment, whole or not at all. */
class Server {
  readonly sessions = new Map<string, Session>()
  #ids = 0

  apply(operation: Operation, argument: string, bore: string): Answer {
    const session = this.sessions.get(bore)
    const isRead = ['get', 'counter', 'cart', 'dead'].includes(operation)
    if (operation === 'logout') {
      this.sessions.delete(bore)
      return { status: 200, body: 'Logged out', reason: '', given: '' }
    }
    if (isRead) return session ? read(operation, session) : refused(404, 'unknown-session')
    const live = session ?? { q: '', count: 0, cart: [] }
    const given = operation === 'login' || !session ? `i${++this.#ids}` : ''
    if (given !== '') this.sessions.delete(bore)
    if (given !== '') this.sessions.set(given, live)
    if (operation === 'set') live.q = argument
    if (operation === 'count') live.count++
    if (operation === 'add') live.cart.push(argument)
    const body = operation === 'count' ? `${live.count}` : operation === 'add' ? JSON.stringify(live.cart) : 'done'
    return { status: 200, body, reason: '', given }
  }
}

const refused = (status: number, reason: string): Answer => ({ status, body: 'why', reason, given: '' })

function read(operation: Operation, { q, count, cart }: Session): Answer {
  const value =
    operation === 'counter' ? count && `${count}` : operation === 'cart' ? cart.length && JSON.stringify(cart) : q
  return value ? { status: 200, body: String(value), reason: '', given: '' } : refused(404, 'no-attribute')
}

const OPERATIONS: readonly Operation[] = ['set', 'get', 'count', 'counter', 'add', 'cart', 'login', 'logout', 'dead']

/** Three browsers with one to three tabs each, on a line that loses requests and answers, and delays both. */
function simulate(seed: number, server = new Server()): History {
  const random = seededRandom(seed)
  const visits: Visit[] = []
  const agenda: { readonly at: number; readonly run: () => void }[] = []
  const later = (at: number, run: () => void): void => void agenda.push({ at, run })
  for (let c = 0; c < 3; c++) {
    const client = `c${c}`
    let [cookie, values] = ['', 0]
    const dead: string[] = []
    const begin = (at: number): void => later(at, () => visit(at))
    const visit = (sentAt: number): void => {
      let operation = OPERATIONS[Math.floor(random() * OPERATIONS.length)] as Operation
      if (operation === 'dead' && dead.length === 0) operation = 'get'
      const bore = operation === 'dead' ? (dead[Math.floor(random() * dead.length)] as string) : cookie
      const argument = `${client}-${++values}`
      const doneAt = sentAt + 1 + random() * 100
      const fate = random()
      const [isLost, isSilent] = [fate < 0.2, fate < 0.1]
      // What is lost happens in time, late (if nobody said that it would not) or never.
      const isMade = !isLost || random() < 0.5
      const madeAt = sentAt + random() * (isSilent ? doneAt + 1_900 - sentAt : doneAt - sentAt)
      let answer: Answer = isSilent ? refused(0, '') : refused(503, 'store-unavailable')
      if (isMade) {
        later(madeAt, () => {
          const made = server.apply(operation, argument, bore)
          if (!isLost) answer = made
        })
      }
      later(doneAt, () => {
        const body = answer.status === 0 ? '' : answer.body
        const where = isSilent ? 'b' : 'a'
        visits.push({ client, operation, argument, where, sentAt, doneAt, ...answer, body, hasRetryAfter: true, bore })
        const isEnd = answer.status === 200 && (operation === 'login' || operation === 'logout')
        if (isEnd && bore !== '') dead.push(bore)
        if (answer.given !== '') cookie = answer.given
        else if (isEnd && cookie === bore) cookie = ''
        if (values < 60) begin(doneAt + random() * 40)
      })
    }
    for (let tab = 0; tab <= c; tab++) begin(random() * 50)
  }
  for (let next = take(agenda); next; next = take(agenda)) next.run()
  const faults = [{ fault: 'b is silent', from: 0, to: Infinity, silences: ['b'] }]
  return { seed, visits, faults, remains: { keys: 0, forEver: [], half: [] } }
}

function take<T extends { readonly at: number }>(agenda: T[]): T | undefined {
  const first = agenda.reduce<T | undefined>((least, each) => (least && least.at <= each.at ? least : each), undefined)
  if (first) agenda.splice(agenda.indexOf(first), 1)
  return first
}

const SEEDS = Array.from({ length: process.env.TEST_BUDGET === 'full' ? 3_000 : 100 }, (_, seed) => seed)

it('finds nothing in whatever a server without faults may answer, on a line that loses and delays', () => {
  for (const seed of SEEDS) expect([seed, ...judge(simulate(seed)).map(({ what }) => what)]).toEqual([seed])
})

/** The same server with one fault, made now and then. */
const WRONG: Readonly<Record<string, (server: Server, random: () => number) => void>> = {
  'a read is of a while ago': (server, random) => {
    const apply = server.apply.bind(server)
    const old = new Map<string, Session>()
    server.apply = (operation, argument, bore) => {
      const session = server.sessions.get(bore)
      const before = old.get(bore)
      if (session) old.set(bore, structuredClone(session))
      return operation === 'get' && session && before && random() < 0.5
        ? read('get', before)
        : apply(operation, argument, bore)
    }
  },
  'a count is made twice': (server, random) => {
    const apply = server.apply.bind(server)
    server.apply = (operation, argument, bore) => {
      if (operation === 'count' && server.sessions.has(bore) && random() < 0.3) apply(operation, argument, bore)
      return apply(operation, argument, bore)
    }
  },
  'an item is lost': (server, random) => {
    const apply = server.apply.bind(server)
    server.apply = (operation, argument, bore) => {
      const answer = apply(operation, argument, bore)
      if (operation === 'cart' && random() < 0.3) server.sessions.get(bore)?.cart.shift()
      return answer
    }
  },
  'a logout does nothing': (server) => {
    const apply = server.apply.bind(server)
    server.apply = (operation, argument, bore) =>
      operation === 'logout' ? { status: 200, body: '', reason: '', given: '' } : apply(operation, argument, bore)
  },
}

it.each(Object.entries(WRONG))('finds it when %s', (_what, spoil) => {
  const found = SEEDS.slice(0, 20).filter((seed) => {
    const server = new Server()
    spoil(server, seededRandom(seed, 'wrong'))
    return judge(simulate(seed, server)).length > 0
  })
  expect(found.length).toBeGreaterThan(5)
})
