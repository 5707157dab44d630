import { show } from '../show.ts'
import type { OwnLifetime } from '../store/store.ts'

/** A lifetime for one session: for "keep me logged in". What is left out is as the options say. */
export interface SessionLifetime {
  /** The session ends this long after its last access, ms; `Infinity`: never. A multiple of 1,000. */
  readonly idleTimeoutMs?: number | undefined
  /** … and this long after it was made, ms; `0`: never. A multiple of 1,000. */
  readonly absoluteTimeoutMs?: number | undefined
  /** Whether the cookie outlives the browser session, with a Max-Age for as long as the session lives. */
  readonly persistent?: boolean | undefined
}

/** How stores spell "never". */
const NEVER_MS = -1000

/**
 * The longest idle timeout that Spring reads: its interval is an `int` of seconds, and a longer one fails every page of the user. It
 * stands for "never", too: Spring's repository deletes at its next touch a session whose interval is below 0.
 */
export const MAX_SPRING_IDLE_MS = (2 ** 31 - 1) * 1000

/** A lifetime as stores keep it; throws a `TypeError` that names what is bad. */
export function ownLifetime(lifetime: SessionLifetime, idleTimeoutMs: number, isForSpring: boolean): OwnLifetime {
  if (typeof lifetime !== 'object' || lifetime === null) refuse('the lifetime', lifetime, 'an object, or null')
  const { idleTimeoutMs: idle = idleTimeoutMs, absoluteTimeoutMs: absolute, persistent, ...rest } = lifetime
  for (const name of Object.keys(rest)) refuse(name, 'given', 'left out: there is no such option')
  if (idle !== Infinity && !isSeconds(idle, 1000)) refuse('idleTimeoutMs', idle, 'Infinity, or a multiple of 1,000')
  if (isForSpring && idle !== Infinity && idle > MAX_SPRING_IDLE_MS)
    refuse('idleTimeoutMs', idle, `Infinity, or at most ${MAX_SPRING_IDLE_MS}, which is as far as Spring counts`)
  if (absolute !== undefined && !isSeconds(absolute, 0))
    refuse('absoluteTimeoutMs', absolute, '0, or a multiple of 1,000')
  if (persistent !== undefined && typeof persistent !== 'boolean') refuse('persistent', persistent, 'true or false')
  return {
    idleTimeoutMs: idle === Infinity ? (isForSpring ? MAX_SPRING_IDLE_MS : NEVER_MS) : idle,
    ...(absolute === undefined ? {} : { absoluteTimeoutMs: absolute }),
    ...(persistent === undefined ? {} : { persistent }),
  }
}

const isSeconds = (ms: unknown, least: number): boolean =>
  Number.isSafeInteger(ms) && (ms as number) >= least && (ms as number) % 1000 === 0

function refuse(name: string, value: unknown, allowed: string): never {
  throw new TypeError(`session.setLifetime: ${name} is ${show(value)}, but must be ${allowed}`)
}
