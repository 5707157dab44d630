import { setTimeout as sleep } from 'node:timers/promises'
import type { SessionKey } from '../../carrier/id.ts'
import { answerChannel, type Member, questionChannel, runOnHolders } from './member.ts'
import { ANSWER, ASK, FORGET } from './scripts.ts'

/** How far two clocks may drift apart: 500 ppm, the most that time daemons make one run off. */
const DRIFT = 1.0005

/** So many questions are remembered, as in a cluster each comes once over every server's connection. */
const REMEMBERED = 1_000

/**
 * A holder that renews its lease but does not answer is asked so often. Then its renewals are believed: the lease that it had when
 * it was first asked has run out, and each later one began with word that came behind that of the ending, over the same connection.
 */
const MAX_ROUNDS = 5

/** What endings need. */
export interface EndingsOptions extends Member {
  readonly drop: (key: SessionKey) => void
  /** Since when the list of holders is one list, see `Lease.listSince`. */
  readonly listSince: (born: string) => number
}

/** One question under way. */
interface Question {
  readonly answered: Set<string>
  wake: () => void
}

/** Another process that may answer from memory. */
interface Holder {
  readonly id: string
  /** Which renewal was its last, and its lease in ms. */
  readonly record: string
}

/**
 * Sees to it that an ending is answered only when no process serves the session from memory any more. It asks all that are in
 * the list of holders, and waits until each has confirmed that it dropped the session or its lease has run out. A holder
 * that lets its lease run out is taken off the list: it enters itself again when it is back. No clock is compared with another's.
 */
export class Endings {
  readonly #options: EndingsOptions
  readonly #questions = new Map<number, Question>()
  readonly #heard = new Set<string>()
  #next: { readonly keys: Set<SessionKey>; readonly confirmed: Promise<void> } | undefined
  #count = 0

  constructor(options: EndingsOptions) {
    this.#options = options
  }

  /** Resolves when nobody serves this session from memory. Sessions that end in one turn are asked about together. */
  confirm(key: SessionKey): Promise<void> {
    if (!this.#next) {
      const keys = new Set<SessionKey>()
      const confirmed = Promise.resolve().then(() => {
        this.#next = undefined
        return this.#ask(keys)
      })
      this.#next = { keys, confirmed }
    }
    this.#next.keys.add(key)
    return this.#next.confirmed
  }

  async #ask(keys: ReadonlySet<SessionKey>): Promise<void> {
    try {
      for (let round = 1; round <= MAX_ROUNDS; round++) if (await this.#askOnce([...keys])) return
    } catch {
      await sleepUntil(performance.now() + this.#options.leaseMs * DRIFT) // who may hold it is not known
    }
  }

  /** Asks all holders, and waits. Tells whether every one has confirmed, or certainly holds no lease. */
  async #askOnce(keys: readonly SessionKey[]): Promise<boolean> {
    const { id, leaseMs, listSince } = this.#options
    const count = ++this.#count
    const question: Question = { answered: new Set(), wake: () => {} }
    this.#questions.set(count, question)
    try {
      const args = [questionChannel(this.#options), [id, count, ...keys].join(' ')]
      const reply = await runOnHolders(this.#options, ASK, args)
      const askedAt = performance.now()
      const { born, holders } = parseList(reply as readonly Buffer[], id)
      // In a list that is younger than a lease somebody may be missing, as after a failover.
      await Promise.all([this.#answers(question, holders), sleepUntil(listSince(born) + leaseMs * DRIFT)])
      const silent = holders.filter((holder) => !question.answered.has(holder.id))
      return silent.length === 0 || (await this.#outwait(silent, askedAt))
    } finally {
      this.#questions.delete(count)
    }
  }

  /** Resolves when all have answered, or would have to have. */
  async #answers(question: Question, holders: readonly Holder[]): Promise<void> {
    const end = performance.now() + Math.max(0, ...holders.map(leaseOf)) * DRIFT
    while (holders.some(({ id }) => !question.answered.has(id)) && performance.now() < end) {
      const { promise, resolve } = Promise.withResolvers<void>()
      question.wake = resolve
      const timer = setTimeout(resolve, end - performance.now())
      await promise
      clearTimeout(timer)
    }
  }

  /** Waits out the leases of those that do not answer. Tells whether none has renewed it meanwhile. */
  async #outwait(silent: readonly Holder[], askedAt: number): Promise<boolean> {
    await sleepUntil(askedAt + Math.max(...silent.map(leaseOf)) * DRIFT)
    const args = silent.flatMap(({ id, record }) => [id, record])
    return (await runOnHolders(this.#options, FORGET, args)) === 0
  }

  /** Takes a message: another's question, or an answer to one of ours. */
  heard(channel: string, message: string): void {
    const { id, drop } = this.#options
    const [from = '', count = '', ...sessions] = message.split(' ')
    if (channel !== questionChannel(this.#options)) {
      const question = this.#questions.get(Number(count))
      question?.answered.add(from)
      question?.wake()
      return
    }
    for (const key of sessions) drop(key)
    if (from === id || !this.#isNew(`${from} ${count}`)) return
    const args = [answerChannel(this.#options, from), `${id} ${count}`]
    runOnHolders(this.#options, ANSWER, args).catch(() => {}) // it waits out our lease
  }

  #isNew(question: string): boolean {
    if (this.#heard.has(question)) return false
    if (this.#heard.size >= REMEMBERED) this.#heard.clear()
    this.#heard.add(question)
    return true
  }
}

const leaseOf = ({ record }: Holder): number => Number(record.split(' ')[1])

function parseList(flat: readonly Buffer[], self: string): { born: string; holders: Holder[] } {
  let born = ''
  const holders: Holder[] = []
  for (let i = 0; i + 1 < flat.length; i += 2) {
    const [id, record] = [String(flat[i]), String(flat[i + 1])]
    if (id === 'born') born = record
    else if (id !== self) holders.push({ id, record })
  }
  return { born, holders }
}

/** Resolves not before this time (monotonic ms): a timer alone may be early. */
async function sleepUntil(at: number): Promise<void> {
  for (let left = at - performance.now(); left > 0; left = at - performance.now()) await sleep(Math.ceil(left))
}
