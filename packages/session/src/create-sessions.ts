import { randomBytes } from 'node:crypto'
import { carrier } from './carrier/carrier.ts'
import { CookiePathWatch } from './carrier/cookie-path.ts'
import { hashId } from './carrier/id.ts'
import { SessionUnreadableError } from './errors.ts'
import type { Manager } from './manager.ts'
import { EndWatch } from './observe/end-watch.ts'
import { EventHub } from './observe/events.ts'
import { openTelemetryTracer } from './observe/tracing.ts'
import type { SessionsOptions } from './options.ts'
import { SerialQueue } from './request/serial-queue.ts'
import { resolveOptions } from './resolve-options.ts'
import { Sessions } from './sessions.ts'
import { StoreClient } from './store/store-client.ts'
import { SessionAdmin } from './users/session-admin.ts'

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
  const manager: Manager = {
    options: resolved,
    carrier: carrier(resolved),
    cookiePath: new CookiePathWatch(resolved.cookie?.path ?? '/'),
    events,
    storeClient: new StoreClient({
      store,
      storeTimeoutMs: store.isLocal ? 0 : storeTimeoutMs,
      breaker,
      events,
      tracer,
      now,
    }),
    get ends() {
      return ends
    },
    updates: new SerialQueue(),
    keyOf: store.plainIds ? (id) => id : hashId,
    tellUnreadable: unreadableTeller(events, now),
    trim: (user, key) => admin.trim(user, key),
    assertRoom: (user) => admin.assertRoom(user),
    onBackgroundError: (error) => {
      if (!events.hears('storeError')) return
      events.emit('storeError', { at: now(), operation: 'background', failure: 'failed', error })
    },
  }
  const ends = new EndWatch(manager)
  const admin = new SessionAdmin(manager)
  return new Sessions<A>(manager)
}

/** Sessions of which it was told that they are unreadable; the first ones may be told of again after so many. */
const TOLD = 1_000

function unreadableTeller(events: EventHub, now: () => number): Manager['tellUnreadable'] {
  const told = new Set<string>()
  return (id) => {
    const session = events.hash(id)
    if (told.has(session)) return
    if (told.size >= TOLD) told.clear()
    told.add(session)
    events.emit('unreadable', { at: now(), session, attribute: '', error: new SessionUnreadableError() })
  }
}
