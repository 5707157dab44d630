import type { Logger } from 'pino'
import type { NodeSessions } from './sessions.ts'

/** A trouble of the store is told once in so long, ms, with how often it was met: while it lasts every request meets it. */
const QUIET_MS = 10_000

/**
 * Logs what becomes of sessions, by the salted hash that events carry, never by id: life-cycle at `info`, what clients
 * sent in vain at `debug`, faults of the store at `warn`.
 */
export function logSessions(sessions: NodeSessions, log: Logger): void {
  for (const name of ['created', 'rotated', 'ended', 'expired', 'gone', 'conflict'] as const) {
    sessions.on(name, ({ session }) => log.info({ session }, `session ${name}`))
  }
  sessions.on('rejected', ({ session, reason }) => log.debug({ session, reason }, 'cookie led to no session'))
  sessions.on('unreadable', ({ session, attribute, error }) =>
    attribute === ''
      ? log.warn({ session }, String(error))
      : log.warn({ session, attribute }, 'attribute could not be read, and was dropped'),
  )
  const troubles = new Map<string, { count: number; until: number }>()
  sessions.on('storeError', ({ operation, failure, error }) => {
    if (failure === 'open') return
    const { message, cause } = error as Error
    const kind = `${operation} ${failure} ${message}`
    const trouble = troubles.get(kind) ?? { count: 0, until: 0 }
    troubles.set(kind, trouble)
    trouble.count++
    if (performance.now() < trouble.until) return
    log.warn({ operation, failure, reason: (cause as Error | undefined)?.message, count: trouble.count }, message)
    trouble.count = 0
    trouble.until = performance.now() + QUIET_MS
  })
  sessions.on('circuit', ({ open, refused, ms }) =>
    open
      ? log.warn({ open }, 'store keeps failing: not asked for a while')
      : log.warn({ open, refused, ms }, 'store answers again'),
  )
}
