export type { CookieView } from './sync/cookie-view.ts'
export { type FastifySyncSessionsOptions, fastifySyncSessions } from './sync/fastify.ts'
export type { Callback, SyncSession, SyncSessionMethods } from './sync/sync-session.ts'
