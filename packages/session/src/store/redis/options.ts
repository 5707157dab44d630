/** By the options of a client: each client has a copy of its own. */
const reconnectedAt = new WeakMap<object, number>()

/**
 * ioredis options that suit sessions: spread them into yours. A request must hear of a broken Redis within its store
 * time-out and must never be executed after it was answered, so nothing is queued or sent again behind its back, and
 * the connection is tried again quickly.
 * @example
 * new Redis(process.env.REDIS_URL, redisOptions)
 */
export const redisOptions = {
  /** While there is no connection a command fails at once, rather than waiting for one that may come too late. */
  enableOfflineQueue: false,
  /** A command whose connection broke fails: whether it was executed is unknown, and the client is told so (503). */
  autoResendUnfulfilledCommands: false,
  maxRetriesPerRequest: 0,
  /** Small commands leave at once. */
  noDelay: true,
  connectTimeout: 2_000,
  retryStrategy: (attempt: number): number => Math.min(50 * attempt, 250),
  /**
   * A failover leaves the old primary read-only: connect again to find the new one. At most once a second, as reading goes on
   * where there is no new one to find. (Redis 6.2 has the word in the middle of what it says of a script.)
   */
  reconnectOnError(this: object, error: Error): boolean {
    const now = performance.now()
    if (!/\bREADONLY\b/.test(error.message) || now - (reconnectedAt.get(this) ?? -Infinity) < 1_000) return false
    reconnectedAt.set(this, now)
    return true
  },
} as const
