/** What is known of one session of the model, from what was answered. All times are monotonic ms of the driver. */
export interface ModelSession {
  readonly key: string
  readonly idleMs: number | undefined
  /** Writes that were acknowledged, in their order: they never overlap. */
  readonly writes: { readonly value: number; readonly answeredAt: number }[]
  /** When its end was answered; an end that was not is never held against anybody. */
  endedAt: number | undefined
  /** An end may have happened. */
  mayHaveEnded: boolean
  /** When somebody was first told that it is not there, though nobody ended it. */
  expiredAt: number | undefined
  lastUsedAt: number
  /** When it may be written to again. */
  writeAt: number
}

/** One read, as it was answered. */
export interface Read {
  readonly sentAt: number
  readonly answer: number | 'gone'
}

/** How far behind reads may be. */
export interface Bounds {
  readonly maxAgeMs: number
  readonly leaseMs: number
  /** Whether word of a change may have been lost on the way without the connection's breaking, which no network does. */
  readonly mayLose: boolean
}

/** Which promise a read breaks, in words; `undefined`: none. */
export function judge(session: ModelSession, { sentAt, answer }: Read, { maxAgeMs, leaseMs, mayLose }: Bounds) {
  const { endedAt, expiredAt, writes, idleMs, mayHaveEnded, lastUsedAt } = session
  if (answer === 'gone') {
    const isEarly = idleMs !== undefined && endedAt === undefined && !mayHaveEnded
    return isEarly && performance.now() - lastUsedAt < idleMs ? `ended ${idleMs} ms idle session early` : undefined
  }
  if (endedAt !== undefined && endedAt < sentAt)
    return `(c) served ${late(sentAt - endedAt)} after its end was answered`
  if (expiredAt !== undefined && expiredAt < sentAt)
    return `(c) served ${late(sentAt - expiredAt)} after it had expired`
  const bound = mayLose ? maxAgeMs : leaseMs
  const due = writes.findLast(({ answeredAt }) => answeredAt + bound < sentAt)
  if (due && answer < due.value) {
    return `(a) read ${answer} ${late(sentAt - due.answeredAt)} after ${due.value} was answered; the bound is ${bound} ms`
  }
  return undefined
}

const late = (ms: number): string => `${ms.toFixed(1)} ms`
