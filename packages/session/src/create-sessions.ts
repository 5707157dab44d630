import { randomBytes } from 'node:crypto'
import { carrier } from './carrier.ts'
import { EventHub } from './events.ts'
import { StoreGuard } from './guard.ts'
import type { Host } from './host.ts'
import { hashId } from './id.ts'
import { resolveOptions, type SessionsOptions } from './options.ts'
import { Roster } from './roster.ts'
import { SerialQueue } from './serial-queue.ts'
import { Sessions } from './sessions.ts'
import { openTelemetryTracer } from './tracing.ts'

/**
 * Makes the sessions of an application. `A` lists the attributes and their types; nothing global is touched, so one
 * application may have several. Throws a `TypeError` that names the option when one is bad.
 * @example
 * const sessions = createSessions<{ user: string; cart: string[] }>({ store: redisStore({ client: new Redis() }) })
 * await app.register(fastifySessions, { sessions })
 */
export function createSessions<A extends object = Record<string, unknown>>(options: SessionsOptions): Sessions<A> {
  const resolved = resolveOptions(options)
  const { store, storeTimeoutMs, breaker, now } = resolved
  const events = new EventHub(resolved.eventSalt ?? randomBytes(16).toString('hex'))
  const tracer = resolved.openTelemetry ? openTelemetryTracer() : undefined
  const host: Host = {
    options: resolved,
    carrier: carrier(resolved),
    events,
    guard: new StoreGuard({ storeTimeoutMs: store.isLocal ? 0 : storeTimeoutMs, breaker, events, tracer, now }),
    updates: new SerialQueue(),
    keyOf: store.plainIds ? (id) => id : hashId,
    trim: (user, key) => roster.trim(user, key),
    onBackgroundError: (error) => {
      if (!events.hears('storeError')) return
      events.emit('storeError', { at: now(), operation: 'background', failure: 'failed', error })
    },
  }
  const roster = new Roster(host)
  return new Sessions<A>(host)
}
