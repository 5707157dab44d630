import type { History, Visit } from './history.ts'

/** Something that must not happen, and the visit that showed it. */
export interface Violation {
  readonly what: string
  readonly visit: Visit
}

/** Longer than this no answer may take, ms: a hang. */
const HANG_MS = 20_000

/**
 * A visit without any answer (its node was killed, the balancer cut it) may have left a command on its way, which Redis runs for
 * as long as a store call may take; what was answered 503 may not.
 */
const ON_ITS_WAY_MS = 2_000

/** Every violation of what sessions promise, in the order of the history. A pure function: a stored history can be judged again. */
export function judge({ visits }: History): Violation[] {
  const inOrder = visits.toSorted((a, b) => a.doneAt - b.doneAt)
  const clients = Map.groupBy(inOrder, ({ client }) => client)
  return [...clients.values()].flatMap((own) => [
    ...own.flatMap(judgeAnswer),
    ...(own[0]?.isShared ? judgeGroup(own) : judgeClient(own)),
  ])
}

/** What holds of every answer by itself. */
function judgeAnswer(visit: Visit): Violation[] {
  const { client, operation, status, body, hasRetryAfter, sentAt, doneAt } = visit
  const what: string[] = []
  if (status === 500) what.push('an internal error')
  if (status >= 500 && body === '') what.push('a 5xx without a text')
  if (status === 503 && !hasRetryAfter) what.push('a 503 without Retry-After')
  if (doneAt - sentAt > HANG_MS) what.push('a hang')
  if (operation === 'dead' && status === 200) what.push('a cookie that was ended opens a session')
  if (status === 200 && (operation === 'get' || operation === 'cart')) {
    const values = operation === 'get' ? [body] : items(body)
    if (values.some((value) => !value.startsWith(`${client}-`))) what.push('a value of another client')
  }
  return what.map((text) => ({ what: text, visit }))
}

/** The values that a variable may have, and those that it may come to have by what is still on its way. */
class Possible<T> {
  values: Set<T>
  #onTheirWay: { readonly value: T; readonly until: number }[] = []

  constructor(...values: T[]) {
    this.values = new Set(values)
  }

  /** Seen, or acknowledged: it has this value now. */
  is(value: T, at: number): void {
    const late = this.#onTheirWay.filter(({ until }) => at < until)
    this.values = new Set([value, ...late.map((each) => each.value)])
  }

  /** It may have become this, in an answered visit before its answer; in an unanswered one for a while. */
  may(value: T, visit: Visit): void {
    this.values.add(value)
    if (!isAnswered(visit)) this.#onTheirWay.push({ value, until: visit.doneAt + ON_ITS_WAY_MS })
  }
}

/** One client, one thing at a time: every variable is known to the value, or to the few that it may have. */
function judgeClient(visits: readonly Visit[]): Violation[] {
  const found: Violation[] = []
  let session = new Possible<'none' | 'there'>('none')
  let register = new Possible<string>('')
  let counter = new Possible<number>(0)
  let cart = new Map<string, Possible<boolean>>()
  const begin = () => {
    session = new Possible<'none' | 'there'>('there')
    register = new Possible('')
    counter = new Possible(0)
    cart = new Map()
  }
  for (const visit of visits) {
    const { operation, argument, status, body, doneAt } = visit
    const wrong = (what: string) => found.push({ what, visit })
    if (operation === 'dead') continue
    if (visit.isFresh) {
      if (!session.values.has('none')) wrong('a fresh session in place of a live one')
      begin()
    }
    if (status === 404) {
      // Either the session is gone, or it has no such value.
      const isEmpty =
        operation === 'get' ? register.values.has('') : operation === 'counter' ? counter.values.has(0) : true
      if (!isEmpty && !session.values.has('none')) wrong('an acknowledged value is lost')
      if (!isEmpty) session.is('none', doneAt)
      continue
    }
    if (status !== 200) {
      if (status !== 0 && status < 500) continue
      if (operation === 'set') register.may(argument, visit)
      if (operation === 'count') for (const value of [...counter.values]) counter.may(value + 1, visit)
      if (operation === 'add') cart.set(argument, maybe(visit))
      if (operation === 'login' || operation === 'logout') session.may('none', visit)
      continue
    }
    if (operation === 'logout') {
      session = new Possible<'none' | 'there'>('none')
      continue
    }
    if (operation === 'login' && session.values.has('none')) {
      // It may have been given a new, empty session.
      register.values.add('')
      counter.values.add(0)
      for (const isThere of cart.values()) isThere.values.add(false)
    }
    session.is('there', doneAt)
    if (operation === 'set') register.is(argument, doneAt)
    if (operation === 'get') {
      if (!register.values.has(body)) wrong(`a value that it cannot have (may be: ${[...register.values].join(', ')})`)
      register.is(body, doneAt)
    }
    if (operation === 'count' || operation === 'counter') {
      const seen = Number(body)
      const before = operation === 'count' ? seen - 1 : seen
      if (!counter.values.has(before)) wrong(`a count that it cannot have (may be: ${[...counter.values].join(', ')})`)
      counter.is(seen, doneAt)
    }
    if (operation === 'add') cart.set(argument, new Possible(true))
    if (operation === 'add' || operation === 'cart') {
      const seen = items(body)
      if (new Set(seen).size < seen.length) wrong('an item that is there twice')
      for (const item of seen)
        if (!cart.get(item)?.values.has(true)) wrong(`an item that was refused, or never added: ${item}`)
      for (const [item, isThere] of cart) {
        if (!seen.includes(item) && !isThere.values.has(false)) wrong(`an acknowledged item is lost: ${item}`)
        isThere.is(seen.includes(item), doneAt)
      }
    }
  }
  return found
}

/** Tabs of one browser, at once: every acknowledged change is there in the end, and no count was given twice. */
function judgeGroup(visits: readonly Visit[]): Violation[] {
  const found: Violation[] = []
  const counts = visits.filter(({ operation }) => operation === 'count')
  const acknowledged = counts.filter(({ status }) => status === 200)
  const unsure = counts.filter(({ status }) => status === 0 || status >= 500).length
  const seen = new Set<string>()
  for (const visit of acknowledged) {
    if (seen.has(visit.body)) found.push({ what: 'a count that was given twice', visit })
    seen.add(visit.body)
  }
  const last = visits.findLast(({ operation, status }) => operation === 'counter' && status === 200)
  if (last) {
    const value = Number(last.body)
    if (value < acknowledged.length || value > acknowledged.length + unsure) {
      const what = `a final count that cannot be: ${acknowledged.length} acknowledged, ${unsure} unsure`
      found.push({ what, visit: last })
    }
  }
  const cart = visits.findLast(({ operation, status }) => operation === 'cart' && status === 200)
  const added = visits.filter(({ operation, status }) => operation === 'add' && status === 200)
  for (const visit of added) {
    if (cart && !items(cart.body).includes(visit.argument)) found.push({ what: 'an acknowledged item is lost', visit })
  }
  for (const visit of visits.slice(1)) {
    if (visit.isFresh) found.push({ what: 'a fresh session in place of a live one', visit })
  }
  return found
}

/** A 502 or 504 is the balancer's word: it does not know what became of the request. */
const isAnswered = ({ status }: Visit): boolean => status !== 0 && status !== 502 && status !== 504

function maybe(visit: Visit): Possible<boolean> {
  const possible = new Possible(false)
  possible.may(true, visit)
  return possible
}

function items(body: string): string[] {
  try {
    return JSON.parse(body) as string[]
  } catch {
    return []
  }
}
