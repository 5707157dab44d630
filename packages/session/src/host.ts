import type { Carrier } from './carrier.ts'
import type { EventHub } from './events.ts'
import type { StoreGuard } from './guard.ts'
import type { SessionKey } from './id.ts'
import type { ResolvedOptions } from './options.ts'
import type { SerialQueue } from './serial-queue.ts'

/** What one manager's requests share. */
export interface Host {
  readonly options: ResolvedOptions
  readonly carrier: Carrier
  readonly guard: StoreGuard
  readonly events: EventHub
  /** Keeps one node's updates of one session from meeting each other in the store. */
  readonly updates: SerialQueue
  readonly keyOf: (id: string) => SessionKey
  /** Ends what a user has more than `maxSessionsPerUser`, sparing this one. */
  readonly trim: (user: string, current: SessionKey) => Promise<void>
  /** Told of failures in work that no request waits for. */
  readonly onBackgroundError: (error: unknown) => void
}
