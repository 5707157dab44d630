import { ConfigError } from '@session-cluster/contract'
import { pino } from 'pino'
import { readConfig } from './config.ts'
import { type Console, startConsole } from './console.ts'
import { ensurePages } from './ensure-pages.ts'

/** The console as a process: configuration from the environment, log lines as JSON on stdout, everything ended by SIGTERM or Ctrl-C. */
const log = pino({ base: { app: 'console' } })

async function main(): Promise<void> {
  const config = readConfig(process.env)
  await ensurePages((line) => log.info(line))
  const ending = new AbortController()
  const running = await startConsole(config, {
    signal: ending.signal,
    onProgress: (line) => log.info(line),
    onFailure: (mode, error) => ending.signal.aborted || log.error({ mode, error: error.message }, 'lane failed'),
  })
  endOnSignal(running, ending)
  log.info({ url: running.url }, 'listening')
  await running.stage.ready
  if (ending.signal.aborted) return
  log.info({ url: running.url, lanes: addresses(running) }, 'ready')
}

/** Where everything listens, for whoever started this process and wants to tell a person. */
function addresses({ stage }: Console) {
  return [...stage.lanes.values()].map(({ id, host }) => ({
    mode: id,
    url: host.publicUrl,
    balancer: host.balancerUrl,
    nodes: Object.fromEntries(host.nodes().map(({ name, url }) => [name, url])),
  }))
}

/** Also while the lanes are still starting: nobody who stops a console waits for what it would have been. */
function endOnSignal(running: Console, ending: AbortController): void {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      // A second Ctrl-C does not wait any longer; the cluster's supervisor ends what is left.
      if (ending.signal.aborted) process.exit(1)
      ending.abort()
      void running[Symbol.asyncDispose]().then(() => process.exit(0))
    })
  }
}

main().catch((error: NodeJS.ErrnoException) => {
  if (error.code === 'EADDRINUSE')
    console.error(`CONSOLE_PORT: the port is taken; set another one, 0 for any free port`)
  else console.error(error instanceof ConfigError ? error.message : error.stack)
  process.exit(1)
})
