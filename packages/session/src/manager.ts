import type { Carrier } from './carrier/carrier.ts'
import type { CookiePathWatch } from './carrier/cookie-path.ts'
import type { SessionKey } from './carrier/id.ts'
import type { EndWatch } from './observe/end-watch.ts'
import type { EventHub } from './observe/events.ts'
import type { ResolvedOptions } from './options.ts'
import type { SerialQueue } from './request/serial-queue.ts'
import type { StoreClient } from './store/store-client.ts'

/** What one manager's requests share. */
export interface Manager {
  readonly options: ResolvedOptions
  readonly carrier: Carrier
  /** Watches for cookies that will not come back. */
  readonly cookiePath: CookiePathWatch
  readonly storeClient: StoreClient
  readonly events: EventHub
  /** Tells of watched sessions that end. */
  readonly ends: EndWatch
  /** Keeps one node's updates of one session from meeting each other in the store. */
  readonly updates: SerialQueue
  readonly keyOf: (id: string) => SessionKey
  /** Ends what a user has more than `maxSessionsPerUser`, sparing this one. */
  readonly trim: (user: string, current: SessionKey) => Promise<void>
  /** Throws a `SessionLimitError` when a user has `maxSessionsPerUser` already. */
  readonly assertRoom: (user: string) => Promise<void>
  /** Emits `unreadable` about the whole session with this id, once. */
  readonly tellUnreadable: (id: string) => void
  /** Told of failures in work that no request waits for. */
  readonly onBackgroundError: (error: unknown) => void
}
