import type { Environment } from '@session-cluster/contract'
import type { FastifyInstance, LightMyRequestResponse } from 'fastify'
import { pino } from 'pino'
import { Activity } from './activity.ts'
import { buildAdmin } from './admin/admin.ts'
import { buildApp } from './app.ts'
import { readConfig } from './config.ts'
import { Faults, type Harm } from './faults.ts'
import type { Parts } from './parts.ts'
import { openRedis } from './redis-client.ts'
import { logSessions } from './session-log.ts'
import { openSessions } from './sessions.ts'

/** One node inside the test's process: both its servers, spoken to without a socket. */
export interface TestNode extends AsyncDisposable {
  parts: Parts
  app: FastifyInstance
  admin: FastifyInstance
  /** Every log line that it wrote. */
  log: string[]
  /** A client with a cookie jar of its own, or with the jar of another client. */
  client(jar?: Map<string, string>): TestClient
}

/** A client that keeps its cookies, as a browser or `curl -c jar -b jar` does. */
export interface TestClient {
  jar: Map<string, string>
  get(path: string, headers?: Record<string, string>): Promise<LightMyRequestResponse>
  post(path: string, headers?: Record<string, string>): Promise<LightMyRequestResponse>
}

/** Builds a node from an environment, as `start` does, without listening. `harm` stands in for what would kill the test. */
export async function testNode(env: Environment = {}, harm?: Harm): Promise<TestNode> {
  const config = readConfig(env)
  const lines: string[] = []
  const log = pino({ level: 'debug', base: { node: config.nodeName } }, { write: (line: string) => lines.push(line) })
  const redis = config.redis ? await openRedis(config.redis, config.redisSettings, log) : undefined
  const sessions = openSessions(config, redis)
  logSessions(sessions, log)
  const lifecycle = { draining: false }
  const parts: Parts = {
    config,
    sessions,
    activity: new Activity(),
    faults: new Faults(harm),
    lifecycle,
    log,
    ...(redis && { redis }),
  }
  const [app, admin] = await Promise.all([buildApp(parts), buildAdmin(parts)])
  return {
    parts,
    app,
    admin,
    log: lines,
    client: (jar = new Map()) => testClient(app, jar),
    async [Symbol.asyncDispose]() {
      await Promise.all([app.close(), admin.close()])
      redis?.disconnect()
    },
  }
}

function testClient(app: FastifyInstance, jar: Map<string, string>): TestClient {
  const send = async (method: 'GET' | 'POST', url: string, headers: Record<string, string> = {}) => {
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ')
    const response = await app.inject({ method, url, headers: { ...(cookie === '' ? {} : { cookie }), ...headers } })
    for (const { name, value, maxAge, expires } of response.cookies) {
      if (maxAge === 0 || (expires && expires.getTime() <= 0)) jar.delete(name)
      else jar.set(name, value)
    }
    return response
  }
  return {
    jar,
    get: (path, headers) => send('GET', path, headers),
    post: (path, headers) => send('POST', path, headers),
  }
}
