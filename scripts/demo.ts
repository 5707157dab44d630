/** `npm run demo`: a cluster in MODE on the standard ports, its addresses, and three things to try. Ctrl-C stops all. */
import { type Cluster, StartError, startCluster } from '@session-cluster/cluster'
import { assertPortsFree, NODES, readSettings, type Settings } from './demo/settings.ts'
import { shown, suggestions } from './demo/suggestions.ts'
import { complain, note, print, strong, typed } from './demo/terminal.ts'

const showLogs = process.argv.includes('--logs')
/** Where the demo's own Redis listens, once it does. */
let redisUrl: string | undefined
const interrupted = new AbortController()

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    if (interrupted.signal.aborted) return
    note('Stopping …')
    interrupted.abort()
  })
}
// Whoever read the output has gone (`npm run demo | head`): the cluster goes on until it is stopped.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})

try {
  await demo()
} catch (error) {
  if (!interrupted.signal.aborted) fail(error)
}
if (interrupted.signal.aborted) note('Stopped: nothing is left running.')

async function demo(): Promise<void> {
  const settings = readSettings(process.env)
  await assertPortsFree(settings)
  await using cluster = await startCluster({
    ...settings.cluster,
    signal: interrupted.signal,
    onProgress: note,
    onState(part, state) {
      if (state === 'crashed') note(`${part} has ended.${comeback(part, settings)}`)
    },
    onLog(part, { text }) {
      if (showLogs) process.stderr.write(`${part}: ${text}\n`)
    },
  })
  redisUrl = cluster.redis?.url
  introduce(cluster)
  await new Promise<void>((resolve) => interrupted.signal.addEventListener('abort', () => resolve()))
}

function introduce(cluster: Cluster): void {
  print()
  print(strong(`The cluster runs in mode ${cluster.mode}.`))
  print(`  balancer  ${shown(cluster.balancer.url)}   (admin ${shown(cluster.balancer.adminUrl)})`)
  for (const { name, url, pid } of cluster.nodes) print(`  node ${name}    ${shown(url)}   (process ${pid})`)
  if (cluster.redis) print(`  Redis     ${hidden(cluster.redis.url)}`)
  print()
  print(strong('Three things to try in another terminal:'))
  for (const [index, { say, type }] of suggestions(cluster).entries()) {
    print(`  ${index + 1}. ${say}`)
    for (const line of type) print(`     ${typed(line)}`)
  }
  print()
  print('Ctrl-C stops everything.')
}

/** The line that starts an ended node again, as a process of its own. */
function comeback(part: string, { mode, cluster: { ports, redis } }: Settings): string {
  const index = NODES.findIndex((name) => part === `node ${name}`)
  if (index < 0 || !ports?.nodes) return ''
  const store = mode === 'clustered' ? ` REDIS_URL=${redis?.url ? hidden(redis.url) : redisUrl}` : ''
  return ` To bring it back, in another terminal: ${typed(`MODE=${mode}${store} PORT=${ports.nodes + index} npm run server`, process.stderr)}`
}

/** A URL without its password. */
function hidden(url: string): string {
  return url.replace(/\/\/([^@/]*)@/, '//…@')
}

/** One clear line for what a user can mend; the whole error for what only we can. */
function fail(error: unknown): void {
  const known = error instanceof Error && ['SettingError', 'StartError', 'NoRedisError'].includes(error.name)
  complain(known ? error.message : String((error as Error).stack))
  if (error instanceof StartError && showLogs) for (const { text } of error.log) complain(text)
  process.exitCode = 1
}
