import type { Logger } from 'pino'
import type { NodeSessions } from './sessions.ts'

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
  sessions.on('circuit', ({ open }) =>
    log.warn({ open }, open ? 'store keeps failing: not asked for a while' : 'store answers again'),
  )
}
