export type { CookieView } from './sync/cookie-view.ts'
export { expressSyncSessions } from './sync/express.ts'
export type { Callback, SyncSession, SyncSessionMethods } from './sync/sync-session.ts'
