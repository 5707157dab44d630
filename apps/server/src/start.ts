import type { AddressInfo } from 'node:net'
import { ConfigError } from '@session-cluster/contract'
import type { FastifyInstance } from 'fastify'
import type { Logger } from 'pino'
import { Activity } from './activity.ts'
import { buildAdmin } from './admin/admin.ts'
import { buildApp } from './app.ts'
import { type Config, readConfig } from './config.ts'
import { Faults } from './faults.ts'
import { openLog } from './open-log.ts'
import type { Parts } from './parts.ts'
import { openRedis, type RedisClient } from './redis-client.ts'
import { logSessions } from './session-log.ts'
import { openSessions } from './sessions.ts'
import { shutdown } from './shutdown.ts'

/** Runs one node from the environment. What it cannot accept becomes one line on stderr and exit code 1. */
export async function start(): Promise<void> {
  try {
    await run(readConfig())
  } catch (error) {
    process.stderr.write(
      error instanceof ConfigError ? `${error.message}\n` : `${String((error as Error)?.stack ?? error)}\n`,
    )
    process.exit(1)
  }
}

async function run(config: Config): Promise<void> {
  const log = openLog({ level: config.logLevel, base: { node: config.nodeName } })
  const client = config.redis ? await openRedis(config.redis, config.redisSettings, log) : undefined
  const parts = assemble(config, log, client)
  const [app, admin] = await Promise.all([buildApp(parts), buildAdmin(parts)])
  // The port that the user chose first: when both are taken, as by a second start, its name is the one that helps.
  const url = await listen(app, config.host, config.port, { host: 'HOST', port: 'PORT' })
  const adminUrl = await listen(admin, config.adminHost, config.adminPort, { host: 'ADMIN_HOST', port: 'ADMIN_PORT' })
  const end = shutdown({
    lifecycle: parts.lifecycle,
    drainMs: config.drainMs,
    servers: [app, admin],
    // The store first: a near cache tells the others, over this client, that it serves nothing any more.
    afterwards: [
      { close: () => parts.sessions.store[Symbol.asyncDispose]() },
      ...(client ? [{ close: () => client.disconnect() }] : []),
    ],
    log,
  })
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, end)
  announce(log, { url, adminUrl, mode: config.mode, pid: process.pid })
}

function assemble(config: Config, log: Logger, client: RedisClient | undefined): Parts {
  const sessions = openSessions(config, client)
  logSessions(sessions, log)
  const redis = client ? { redis: client } : {}
  return {
    config,
    sessions,
    activity: new Activity(),
    faults: new Faults(),
    lifecycle: { draining: false },
    log,
    ...redis,
  }
}

/** Listens and answers the URL; a port or host that cannot be had is the fault of the variable that named it. */
async function listen(
  app: FastifyInstance,
  host: string,
  port: number,
  variable: { host: string; port: string },
): Promise<string> {
  try {
    await app.listen({ host, port })
  } catch (error) {
    throw listenError(error as NodeJS.ErrnoException, host, port, variable)
  }
  const { address, port: actual, family } = app.server.address() as AddressInfo
  const reachable =
    address === '0.0.0.0' ? '127.0.0.1' : address === '::' ? '[::1]' : family === 'IPv6' ? `[${address}]` : address
  return `http://${reachable}:${actual}`
}

function listenError(
  error: NodeJS.ErrnoException,
  host: string,
  port: number,
  variable: { host: string; port: string },
): Error {
  switch (error.code) {
    case 'EADDRINUSE':
      return new ConfigError(
        variable.port,
        `${port} is already taken on ${host}; use another port, or 0 for any free one`,
      )
    case 'EACCES':
      return new ConfigError(variable.port, `${port} may not be opened by this user; use a port from 1024 to 65535`)
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return new ConfigError(
        variable.host,
        `${host} is not an address of this machine; use 127.0.0.1, or 0.0.0.0 for all`,
      )
    default:
      return error
  }
}

/** Says, once and whatever the log level, that the node serves and where. */
function announce(log: Logger, where: Record<string, unknown>): void {
  const level = log.level
  log.level = 'info'
  log.info(where, 'ready')
  log.level = level
}
