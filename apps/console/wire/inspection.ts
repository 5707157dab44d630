import type { UserLane } from './frame.ts'

/** A cookie as the inspector shows it. */
export interface CookieShown {
  readonly name: string
  /** Masked unless it was asked to be revealed. */
  readonly value: string
  readonly kind: 'session' | 'affinity'
  readonly attributes: readonly string[]
  /** What the value is made of, in parts that can be explained: an i18n key without its `cookie.part.`. */
  readonly parts: readonly { readonly key: string; readonly value: string }[]
  readonly bytes: number
}

/** What one node said when it was asked whom it takes a cookie's owner for. */
export interface NodeAnswer {
  readonly node: string
  readonly failure?: string
  readonly why?: string
  readonly session?: {
    readonly id: string
    readonly createdAt: string
    readonly attributes: readonly string[]
    readonly storedIn: string
    readonly redisKey: string | null
  } | null
}

/** A user's session by all nodes. */
export interface SessionShown {
  readonly home: string | null
  readonly session: UserLane['session']
  readonly answers: readonly NodeAnswer[]
}

/** One field of a session's hash. */
export interface FieldShown {
  readonly name: string
  /** The bytes as `redis-cli` would print them. */
  readonly raw: string
  /** What they mean; absent when they cannot be read as text or JSON. */
  readonly decoded?: string
  readonly bytes: number
  /** Since the last look at this session. */
  readonly change: 'same' | 'new' | 'changed'
  /** The lane's servers cannot read these bytes: to them the attribute is absent. */
  readonly unreadable?: true
}

/** A session as Redis holds it. */
export interface HashShown {
  readonly key: string
  /** How long Redis keeps the key, ms; below 0: for ever. */
  readonly ttlMs: number
  /** When the session itself ends unless it is used, ms from now; absent: never. */
  readonly endsInMs?: number | undefined
  readonly fields: readonly FieldShown[]
  /** Fields that were there at the last look. */
  readonly removed: readonly string[]
}

/** What the Redis inspector answers. */
export interface RedisShown {
  /** Why nothing can be told of it now: neither that there is a session nor that there is none. */
  readonly failure?: string
  readonly key: string | null
  readonly cookie?: string
  readonly cli?: string
  readonly hash: HashShown | null
}
