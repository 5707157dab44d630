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
  /** A failover leaves the old primary read-only: connect anew to find the new one. */
  reconnectOnError: (error: Error): boolean => error.message.startsWith('READONLY'),
} as const
