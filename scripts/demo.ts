/**
 * `npm run demo`: the console on its page, one lane in `MODE` or all three side by side, the addresses, and three things to try.
 * Ctrl-C stops all. With `--spring` the tutorial's own program joins the clustered lane as server s, where Java and Maven are.
 */
import { type Cluster, NoSpringError, type SpringServer, StartError, startSpring } from '@session-cluster/cluster'
import { type Console, ensurePages } from '@session-cluster/console'
import { introduce } from './demo/introduction.ts'
import { assertPortsFree, NODES, readSettings, type Settings, startLanes } from './demo/settings.ts'
import { complain, note } from './demo/terminal.ts'

const showLogs = process.argv.includes('--logs')
const withSpring = process.argv.includes('--spring')
const interrupted = new AbortController()

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    if (interrupted.signal.aborted) return
    note('Stopping …')
    interrupted.abort()
  })
}
// Whoever read the output has gone: the demo stops (see run/task.mjs), and what it still says is not to end it in the middle of that.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})

try {
  await demo()
} catch (error) {
  if (!interrupted.signal.aborted) fail(error)
}
if (interrupted.signal.aborted) note('Stopped: nothing is left running.')

async function demo(): Promise<void> {
  const settings = readSettings(process.env, { withSpring })
  await assertPortsFree(settings)
  await ensurePages(note)
  const clusters: Cluster[] = []
  const failures: Error[] = []
  await using console = await startLanes(settings, {
    signal: interrupted.signal,
    onProgress: note,
    onCluster: (cluster) => clusters.push(cluster),
    onFailure: (_mode, error) => failures.push(error),
    onState(mode, part, state) {
      if (state === 'crashed') note(`${part} (${mode}) has ended; the console’s page can start it again.`)
    },
    onLog(mode, part, text) {
      if (showLogs) process.stderr.write(`${mode} ${part}: ${text}\n`)
    },
  })
  await lanesUp(console, failures)
  await using spring = withSpring ? await springBeside(clusters, settings) : undefined
  introduce(console.url, clusters, settings, spring)
  await new Promise<void>((resolve) => interrupted.signal.addEventListener('abort', () => resolve()))
}

/** Starts the tutorial's program on the cluster's Redis and adds it to the balancer; says so where that is not possible. */
async function springBeside([cluster]: readonly Cluster[], { ports }: Settings): Promise<SpringServer | undefined> {
  if (!cluster?.redis) return undefined
  try {
    const spring = await startSpring({
      redisUrl: cluster.redis.url,
      port: ports.nodes + NODES.length,
      onProgress: note,
      signal: interrupted.signal,
      onState: (state) => {
        if (state === 'crashed') note('Spring Boot has ended.')
      },
      onLine: ({ text }) => {
        if (showLogs) process.stderr.write(`node s: ${text}\n`)
      },
    })
    await cluster.balancer.add({ name: spring.name, url: spring.url })
    await cluster.balancer.untilSeen([spring.name], 'up')
    return spring
  } catch (error) {
    if (!(error instanceof NoSpringError)) throw error
    note(`No Spring server: ${error.message}. The rest runs.`)
    return undefined
  }
}

/** A demo with a lane missing would teach the wrong thing. */
async function lanesUp({ stage }: Console, failures: readonly Error[]): Promise<void> {
  await stage.ready
  interrupted.signal.throwIfAborted()
  if (failures[0]) throw failures[0]
}

/** One clear line for what a user can mend; the whole error for what only we can. */
function fail(error: unknown): void {
  const known =
    error instanceof Error &&
    ['ConfigError', 'SettingError', 'StartError', 'NoRedisError', 'PageError'].includes(error.name)
  complain(known ? error.message : String((error as Error).stack))
  if (error instanceof StartError && showLogs) for (const { text } of error.log) complain(text)
  process.exitCode = 1
}
