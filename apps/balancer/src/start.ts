import cluster from 'node:cluster'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createSecureContext } from 'node:tls'
import { fileURLToPath } from 'node:url'
import { type Control, controlOf, type Discovery, serveOrders, Workers } from '@session-cluster/balancer'
import { ConfigError, hasAffinity } from '@session-cluster/contract'
import type { Logger } from 'pino'
import { buildAdmin, buildBalancer, buildDiscoveries, readNodes, readTls } from './app.ts'
import { type Config, readConfig } from './config.ts'
import { openLog } from './open-log.ts'
import { exported, isTarget, UnwritableError } from './print.ts'

/** What the signals act on, whether this process does the work or its workers do. */
interface Running {
  admin: Server
  url: string
  /** Goes on for `drainMs`, as the admin port's `/readyz` says 503, then finishes what is in flight. A second call ends the drain. */
  close(drainMs: number): Promise<void>
  reloadTls(): void | Promise<void>
  restart(): Promise<void>
}

/** Reads the configuration, listens, says `ready`, and obeys signals from then on. */
export async function start(): Promise<void> {
  const config = configOrExit()
  if (process.argv.length > 2) return print(config, process.argv.slice(2))
  const base = { name: 'balancer', pid: process.pid }
  const log = openLog({ base, level: config.logLevel })
  if (cluster.isWorker) return runWorker(config, log)
  const running =
    config.workers === undefined ? await alone(config, log) : await withWorkers(config, config.workers, log)
  const adminUrl = await named('ADMIN', config.adminPort, () => listen(running.admin, config))
  if (hasAffinity(config.mode) && config.affinity.secretIsRandom) {
    log.warn('AFFINITY_SECRET is not set: a restart forgets which node a client used')
  }
  obeySignals(running, config, log)
  const { mode, engine, policy, workers = 0 } = config
  // Whoever started it waits for this line, however quiet the log is.
  log.child({}, { level: 'info' }).info({ url: running.url, adminUrl, mode, engine, policy, workers }, 'ready')
}

// `--print haproxy`, or `nginx`; `--folder` behind it says where their sockets and the like go.
function print(config: Config, args: readonly string[]): void {
  const [flag, target, folderFlag, folder, ...more] = args
  const isUnderstood = flag === '--print' && isTarget(target) && more.length === 0
  if (!isUnderstood || (folderFlag !== undefined && (folderFlag !== '--folder' || !folder))) {
    fail(`${args.join(' ')}: understood are --print haproxy and --print nginx, with --folder <path> behind`)
  }
  try {
    const { text, notes } = exported(config, target, folder)
    process.stdout.write(text)
    for (const note of notes) process.stderr.write(`not quite the same: ${note}\n`)
  } catch (error) {
    if (error instanceof UnwritableError) fail(error.message)
    throw error
  }
}

async function alone(config: Config, log: Logger): Promise<Running> {
  const balancer = guardTls(() => buildBalancer(config, log))
  balancer.events.on('upstream', ({ name, state, reason }) => log.info({ upstream: name, state, reason }, 'upstream'))
  const control = controlOf(balancer)
  const discoveries = await discover(config, control, log)
  const url = await named('BALANCER', config.port, () => balancer.listen({ port: config.port, host: config.host }))
  return {
    admin: buildAdmin(config, control, discoveries),
    url,
    close: (drainMs) => {
      for (const discovery of discoveries) discovery.close()
      return balancer.close({ drainMs, timeoutMs: config.drainMs })
    },
    reloadTls: () => reload(config, (tls) => balancer.setTls(tls)),
    restart: async () => log.warn('SIGUSR2 replaces workers, and there are none: set WORKERS'),
  }
}

async function withWorkers(config: Config, count: number, log: Logger): Promise<Running> {
  guardTls(() => buildBalancer({ ...config, upstreams: [] }, log))
  const workers = new Workers({
    ...{ count, upstreams: config.upstreams, health: config.health, nodes: readNodes(config) },
    exec: fileURLToPath(new URL('main.ts', import.meta.url)),
    // Made up once, so that all workers know the same nodes by the same cookie.
    env: config.affinity.by === 'cookie' ? { AFFINITY_SECRET: config.affinity.secret } : {},
    onState: (upstream, state, reason) => log.info({ upstream, state, reason }, 'upstream'),
    closeTimeoutMs: config.drainMs + 5000,
    silenceMs: config.workerSilenceMs,
    onWorkerLost: (detail) => log.error({ detail }, 'a worker was lost and is replaced'),
  })
  const discoveries = await discover(config, workers, log)
  const url = await named('BALANCER', config.port, () => workers.start())
  return {
    admin: buildAdmin(config, workers, discoveries),
    url,
    close: (drainMs) => {
      for (const discovery of discoveries) discovery.close()
      return workers.close({ drainMs })
    },
    reloadTls: () => {
      // A pair that does not go together is found before any worker takes it.
      reload(config, createSecureContext)
      return workers.reloadTls()
    },
    restart: () => workers.restart(),
  }
}

// Before anybody is served, so that the first request finds the nodes; what is not found in time is found later.
async function discover(config: Config, control: Control, log: Logger): Promise<Discovery[]> {
  const discoveries = buildDiscoveries(config, control, log)
  await Promise.all(discoveries.map((discovery) => discovery.start()))
  return discoveries
}

function runWorker(config: Config, log: Logger): void {
  const balancer = buildBalancer({ ...config, upstreams: [], health: false }, log)
  serveOrders({
    balancer,
    listen: { port: config.port, host: config.host },
    closeTimeoutMs: config.drainMs,
    reloadTls: () => reload(config, (tls) => balancer.setTls(tls)),
  })
}

function obeySignals(running: Running, { tls, graceMs }: Config, log: Logger): void {
  const stop = async (drainMs: number): Promise<void> => {
    await running.close(drainMs)
    running.admin.closeAllConnections()
    process.exit(0)
  }
  const attempt = async (what: string, act: () => void | Promise<void>): Promise<void> => {
    try {
      await act()
      log.info(`${what}: done`)
    } catch (error) {
      log.error({ error: error instanceof Error ? error.message : String(error) }, `${what}: failed`)
    }
  }
  process.on('SIGTERM', () => void stop(graceMs))
  // A developer's Ctrl-C.
  process.on('SIGINT', () => void stop(0))
  // With nothing to read again it means what it means to any program: the terminal is gone.
  if (tls) process.on('SIGHUP', () => void attempt('reload of the certificate', () => running.reloadTls()))
  else process.on('SIGHUP', () => void stop(graceMs))
  process.on('SIGUSR2', () => void attempt('restart of the workers', () => running.restart()))
}

function reload(config: Config, apply: (tls: NonNullable<ReturnType<typeof readTls>>) => void): void {
  const tls = readTls(config)
  if (tls) apply(tls)
}

function configOrExit(): Config {
  try {
    return readConfig(process.env)
  } catch (error) {
    if (error instanceof ConfigError) fail(error.message)
    throw error
  }
}

// A certificate that does not go with its key is found only when both are put to use.
function guardTls<T>(build: () => T): T {
  try {
    return build()
  } catch (error) {
    if (error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_OSSL')) {
      fail(`TLS_CERT, TLS_KEY: not a certificate and its key in PEM (${error.message})`)
    }
    throw error
  }
}

// A port that is taken, or not ours to take, is a mistake in the configuration like any other.
async function named<T>(what: 'BALANCER' | 'ADMIN', port: number, open: () => Promise<T>): Promise<T> {
  try {
    return await open()
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error)
    if (said.includes('EADDRINUSE')) fail(`${what}_PORT: port ${port} is taken; give a free one, or 0 for any`)
    if (said.includes('EACCES')) fail(`${what}_PORT: port ${port} is not allowed to this user; give one above 1023`)
    if (/EADDRNOTAVAIL|ENOTFOUND|EAI_AGAIN/.test(said)) {
      fail(`${what === 'ADMIN' ? 'ADMIN_HOST' : 'HOST'}: not an address of this machine`)
    }
    throw error
  }
}

async function listen(server: Server, { adminPort, adminHost }: Config): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.once('error', reject).listen(adminPort, adminHost, resolve)
  await promise
  const { address, port } = server.address() as AddressInfo
  return `http://${address.includes(':') ? `[${address}]` : address}:${port}`
}

function fail(message: string): never {
  process.stderr.write(`${message}\n`)
  process.exit(1)
}
