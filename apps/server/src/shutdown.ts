import type { Logger } from 'pino'
import type { Lifecycle } from './parts.ts'

/** How long what is under way may take once the node takes nothing new. */
const FINISH_MS = 10_000

/** How often connections are looked for that have become idle after the door was closed. */
const IDLE_CHECK_MS = 50

/** Something that is closed at the end, in the order given. */
export interface Closable {
  close(): unknown
}

/** A server as Fastify wraps it. */
export interface ClosableServer extends Closable {
  server: { closeIdleConnections(): void }
}

/** What an orderly end needs to know. */
export interface ShutdownOptions {
  lifecycle: Lifecycle
  /** How long to go on serving while `/readyz` says 503, so that the balancer notices before the door closes. */
  drainMs: number
  servers: readonly ClosableServer[]
  /** Closed when no server needs it any more. */
  afterwards: readonly Closable[]
  log: Logger
  exit?: (code: number) => void
}

/**
 * Makes the handler of SIGTERM and SIGINT. SIGTERM: drain, close, exit 0. SIGINT, a developer's Ctrl-C: the same without
 * the drain. A second signal ends the drain at once. What does not finish within 10 s is cut off, and the exit code is 1.
 */
export function shutdown(options: ShutdownOptions): (signal: NodeJS.Signals) => Promise<void> {
  const { lifecycle, log, exit = (code) => process.exit(code) } = options
  const hurry = new AbortController()
  return async (signal) => {
    if (lifecycle.draining) return hurry.abort()
    lifecycle.draining = true
    const drainMs = signal === 'SIGTERM' ? options.drainMs : 0
    log.info({ signal, drainMs }, 'draining')
    await pause(drainMs, hurry.signal)
    exit(await finish(options))
  }
}

async function finish({ servers, afterwards, log }: ShutdownOptions): Promise<number> {
  const closing = (async () => {
    await Promise.all(servers.map((server) => server.close()))
    for (const resource of afterwards) await resource.close()
    return 0
  })()
  // A client that keeps its connection after its last answer must not hold the process.
  const idle = setInterval(() => {
    for (const { server } of servers) server.closeIdleConnections()
  }, IDLE_CHECK_MS)
  const late = pause(FINISH_MS).then(() => 1)
  const code = await Promise.race([closing, late]).catch((error: unknown) => {
    log.error({ err: error }, 'closing failed')
    return 1
  })
  clearInterval(idle)
  log.info({ code }, code === 0 ? 'closed' : 'cut off what did not finish')
  return code
}

/** Waits, at most until the signal; global timers, so that tests can put a clock of their own in their place. */
function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms)
    signal?.addEventListener('abort', () => {
      clearTimeout(timer)
      resolve()
    })
  })
}
