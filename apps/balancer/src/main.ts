import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { pino } from 'pino'
import { type App, createApp } from './app.ts'
import { type Config, ConfigError, readConfig } from './config.ts'

async function main(): Promise<void> {
  const config = configOrExit()
  const log = pino({ name: 'balancer', base: { name: 'balancer', pid: process.pid } })
  const app = createApp(config, log)
  const url = await named('BALANCER_PORT', config.port, () =>
    app.balancer.listen({ port: config.port, host: config.host }),
  )
  const adminUrl = await named('ADMIN_PORT', config.adminPort, () =>
    listen(app.admin, config.adminPort, config.adminHost),
  )
  if (config.mode === 'sticky' && config.affinitySecretIsRandom) {
    log.warn('AFFINITY_SECRET is not set: a restart forgets which node a client used')
  }
  process.once('SIGTERM', () => void stop(app, config))
  process.once('SIGINT', () => void stop(app, config))
  log.info({ url, adminUrl, mode: config.mode, engine: app.balancer.engine.name, policy: config.policy }, 'ready')
}

async function stop(app: App, config: Config): Promise<void> {
  await app.balancer.close({ timeoutMs: config.drainMs })
  app.admin.closeAllConnections()
  app.admin.close()
  process.exit(0)
}

function configOrExit(): Config {
  try {
    return readConfig(process.env)
  } catch (error) {
    if (error instanceof ConfigError) fail(error.message)
    throw error
  }
}

// A port that is taken, or not ours to take, is a mistake in the configuration like any other.
async function named<T>(variable: string, port: number, open: () => Promise<T>): Promise<T> {
  try {
    return await open()
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EADDRINUSE') fail(`${variable}: port ${port} is taken; give a free one, or 0 for any`)
    if (code === 'EACCES') fail(`${variable}: port ${port} is not allowed to this user; give one above 1023`)
    if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') {
      fail(`${variable === 'ADMIN_PORT' ? 'ADMIN_HOST' : 'HOST'}: not an address of this machine`)
    }
    throw error
  }
}

async function listen(server: Server, port: number, host: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.once('error', reject).listen(port, host, resolve)
  await promise
  const { address, port: bound } = server.address() as AddressInfo
  return `http://${address.includes(':') ? `[${address}]` : address}:${bound}`
}

function fail(message: string): never {
  process.stderr.write(`${message}\n`)
  process.exit(1)
}

await main()
