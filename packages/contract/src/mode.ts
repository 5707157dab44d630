/**
 * Where sessions live and how the balancer picks: `local` and `sticky` in the node's memory (with affinity in sticky), `clustered`
 * in Redis, `hybrid` in Redis with a near cache in each node, and affinity. See docs/architecture.md.
 */
export const modes = ['local', 'sticky', 'clustered', 'hybrid'] as const
export type Mode = (typeof modes)[number]

/** What is shown side by side unless others are asked for: the lessons, one after the other. */
export const lessons = ['local', 'sticky', 'clustered'] as const satisfies readonly Mode[]

/** Whether sessions lie in Redis, so that any node serves any client and none is lost with a node. */
export const isShared = (mode: Mode): boolean => mode === 'clustered' || mode === 'hybrid'

/** Whether the balancer sends a client back to the node that it used before. */
export const hasAffinity = (mode: Mode): boolean => mode === 'sticky' || mode === 'hybrid'

/** Every spelling of a mode: `redis` is another word for `clustered`. */
export const modeNames = [...modes, 'redis'] as const

/** The mode of that name; `undefined` when there is none. */
export function modeOf(name: string): Mode | undefined {
  return name === 'redis' ? 'clustered' : modes.find((mode) => mode === name)
}

/** Reads a mode's name. @throws TypeError that lists the valid ones */
export function parseMode(name: string): Mode {
  const mode = modeOf(name)
  if (mode === undefined)
    throw new TypeError(
      `MODE=${JSON.stringify(name)} is unknown: use ${modes.join(', ')} or redis (the same as clustered)`,
    )
  return mode
}

/** The session cookie's name unless `SESSION_COOKIE_NAME` gives another: Tomcat's in a node's memory, Spring Session's in Redis. */
export const defaultCookieName = (mode: Mode): string => (isShared(mode) ? 'SESSION' : 'JSESSIONID')

/** What every key in Redis begins with unless `SESSION_NAMESPACE` says otherwise. */
export const defaultNamespace = 'session-cluster'
