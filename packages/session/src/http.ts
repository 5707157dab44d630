export type { CookieOptions, ResolvedCookie } from './carrier/cookie-options.ts'
export type { SessionKey } from './carrier/id.ts'
export { type Codec, UnencodableError } from './codec/codec.ts'
export { json } from './codec/json.ts'
export { type RegisteredClass, registered, registry } from './codec/registry.ts'
export { springJson } from './codec/spring-json.ts'
export { typedJson } from './codec/typed-json.ts'
export { v8 } from './codec/v8.ts'
export { createSessions } from './create-sessions.ts'
export * from './errors.ts'
export { expressSessions } from './frameworks/express.ts'
export { type SessionHandler, type WithSessionsOptions, withSessions } from './frameworks/with-sessions.ts'
export type { EndListener } from './observe/end-watch.ts'
export type { SessionEvent, SessionEvents, SessionListener, StoreOperation } from './observe/events.ts'
export { type MetricsOptions, type SessionMetrics, sessionMetrics } from './observe/metrics.ts'
export type { ResolvedOptions, SessionsOptions } from './options.ts'
export type { AdoptedSession } from './request/adopt.ts'
export type { SessionInfo } from './request/info.ts'
export type { SessionLifetime } from './request/lifetime.ts'
export type { SessionReport } from './request/report.ts'
export type { RotateOptions } from './request/rotate.ts'
export type { ReadOptions, Session } from './session.ts'
export type { AnySessions, Sessions } from './sessions.ts'
export type { BreakerOptions } from './store/circuit-breaker.ts'
export { type MemoryStore, type MemoryStoreOptions, memoryStore } from './store/memory.ts'
export { type NearCache, type NearCacheOptions, nearCache } from './store/near-cache/near-cache.ts'
export type {
  CommandName,
  RedisArgument,
  RedisConnection,
  TrackedServer,
  Tracking,
} from './store/redis/connection.ts'
export { refused, UnsentError } from './store/redis/connection.ts'
export type { IoredisClient, RedisSocket } from './store/redis/ioredis.ts'
export type { NodeRedisClient, NodeRedisCluster, NodeRedisServer } from './store/redis/node-redis.ts'
export { redisOptions } from './store/redis/options.ts'
export { type RedisClient, type RedisStore, type RedisStoreOptions, redisStore } from './store/redis/redis.ts'
export type {
  CacheStats,
  CommitResult,
  EndsTold,
  HowEnded,
  Lifetime,
  Loaded,
  OwnLifetime,
  SessionDelta,
  SessionListing,
  SessionPage,
  SessionStore,
  StoredSession,
  StoreOptions,
  StoreUsage,
} from './store/store.ts'
export { StoreLostError, StoreRefusedError } from './store/store.ts'
export type { SessionSummary } from './users/session-admin.ts'
