export type { BreakerOptions } from './breaker.ts'
export { type Codec, UnencodableError } from './codec/codec.ts'
export { json } from './codec/json.ts'
export { type RegisteredClass, registered, registry } from './codec/registry.ts'
export { typedJson } from './codec/typed-json.ts'
export { v8 } from './codec/v8.ts'
export type { CookieOptions, ResolvedCookie } from './cookie-options.ts'
export { createSessions } from './create-sessions.ts'
export * from './errors.ts'
export type { SessionEvent, SessionEvents, SessionListener, StoreOperation } from './events.ts'
export type { SessionKey } from './id.ts'
export { type MetricsOptions, type SessionMetrics, sessionMetrics } from './metrics.ts'
export type { ResolvedOptions, SessionsOptions } from './options.ts'
export { redisOptions } from './redis-options.ts'
export type { SessionReport } from './report.ts'
export type { SessionSummary } from './roster.ts'
export type { Session, SessionInfo } from './session.ts'
export type { AnySessions, Sessions } from './sessions.ts'
export { type MemoryStore, type MemoryStoreOptions, memoryStore } from './store/memory.ts'
export { type RedisStore, type RedisStoreOptions, redisStore } from './store/redis.ts'
export type { RedisArgument, RedisClient } from './store/redis-client.ts'
export type {
  CommitResult,
  Lifetime,
  Loaded,
  SessionDelta,
  SessionListing,
  SessionPage,
  SessionStore,
  StoredSession,
  StoreOptions,
  StoreUsage,
} from './store/store.ts'
export { type SessionHandler, type WithSessionsOptions, withSessions } from './with-sessions.ts'
