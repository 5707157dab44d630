import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { baseEnvironment, newRun } from '../src/environment.ts'
import { freePort, StartError, startCluster } from '../src/index.ts'
import { projectRoot } from '../src/project.ts'
import { survivors } from './survivors.ts'

const SERVER = 'apps/server/src/main.ts'
const BALANCER = 'apps/balancer/src/main.ts'

/** A port that something listens on as long as the test runs. */
async function takenPort() {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  return { port, [Symbol.asyncDispose]: () => new Promise<void>((resolve) => server.close(() => resolve())) }
}

/** Starts an app's process with exactly these variables and waits for its end. */
async function runToEnd(entry: string, env: Record<string, string>) {
  const startedAt = performance.now()
  const child = spawn(process.execPath, [join(projectRoot, entry)], {
    env: { ...baseEnvironment(newRun()), PORT: '0', ADMIN_PORT: '0', BALANCER_PORT: '0', ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  const giveUp = setTimeout(() => child.kill('SIGKILL'), 60_000)
  const [code] = await once(child, 'close')
  clearTimeout(giveUp)
  return { code, stderr, tookMs: performance.now() - startedAt }
}

describe('a process that cannot start says one line that names the variable, and exits with 1', () => {
  test.each([
    ['node', SERVER, { MODE: 'redsi' }, 'MODE', 'clustered'],
    ['node', SERVER, { PORT: 'eighty' }, 'PORT', '65535'],
    ['node', SERVER, { PORT: '70000' }, 'PORT', '65535'],
    ['node', SERVER, { ADMIN_PORT: '-1' }, 'ADMIN_PORT', '65535'],
    ['node', SERVER, { NODE_NAME: 'no spaces' }, 'NODE_NAME', 'letters'],
    ['node', SERVER, { MODE: 'clustered' }, 'REDIS_URL', 'redis://'],
    ['node', SERVER, { MODE: 'clustered', REDIS_URL: 'http://127.0.0.1' }, 'REDIS_URL', 'redis://'],
    ['node', SERVER, { SESSION_IDLE_TIMEOUT_MS: '1.5' }, 'SESSION_IDLE_TIMEOUT_MS', 'whole'],
    ['balancer', BALANCER, { MODE: 'redsi' }, 'MODE', 'clustered'],
    ['balancer', BALANCER, { BALANCER_PORT: 'eighty' }, 'BALANCER_PORT', '65535'],
    ['balancer', BALANCER, { ADMIN_PORT: '70000' }, 'ADMIN_PORT', '65535'],
    ['balancer', BALANCER, { UPSTREAMS: 'nonsense' }, 'UPSTREAMS', 'http'],
    ['balancer', BALANCER, { POLICY: 'fastest' }, 'POLICY', 'round-robin'],
    ['balancer', BALANCER, { AFFINITY_SECRET: 'short' }, 'AFFINITY_SECRET', '16'],
  ])('%s: %s %o', async (_, entry, env: Record<string, string>, variable, allowed) => {
    const { code, stderr } = await runToEnd(entry, env)
    expectOneLine(stderr, variable)
    expect(stderr).toContain(allowed)
    expect(code).toBe(1)
  })

  test.each([
    [SERVER, 'PORT'],
    [SERVER, 'ADMIN_PORT'],
    [BALANCER, 'BALANCER_PORT'],
    [BALANCER, 'ADMIN_PORT'],
  ])('%s with its %s taken', async (entry, variable) => {
    await using taken = await takenPort()
    const { code, stderr } = await runToEnd(entry, { [variable]: String(taken.port) })
    expectOneLine(stderr, variable)
    expect(stderr).toContain(String(taken.port))
    expect(code).toBe(1)
  })

  test('a node whose Redis refuses, and one whose Redis hangs', async () => {
    // It listens and never says a word: a hung Redis.
    const mute = createServer().listen(0, '127.0.0.1')
    await once(mute, 'listening')
    const urls = [
      `redis://127.0.0.1:${await freePort()}`,
      `redis://127.0.0.1:${(mute.address() as { port: number }).port}`,
    ]
    for (const REDIS_URL of urls) {
      const { code, stderr, tookMs } = await runToEnd(SERVER, { MODE: 'clustered', REDIS_URL })
      expectOneLine(stderr, 'REDIS_URL')
      expect(code).toBe(1)
      console.log(`${REDIS_URL}: exit after ${tookMs.toFixed(0)} ms (promised: 5000)`)
      expect(tookMs).toBeLessThan(50_000)
    }
    mute.close()
  })
})

describe('a cluster that cannot start', () => {
  test('says which part failed, in that part’s own words, and leaves nothing behind', async () => {
    await using taken = await takenPort()
    const failure = await startCluster({ mode: 'local', nodes: 2, ports: { nodes: taken.port } }).catch(
      (error: unknown) => error,
    )
    expect(failure).toBeInstanceOf(StartError)
    const { message, part, code } = failure as StartError
    expect([part, code]).toEqual(['node a', 'CLUSTER_START_FAILED'])
    expect(message).toMatch(/^node a did not start: PORT: .*taken/)
    expect(message).not.toContain('\n')
    expect(survivors(process.env.CLUSTER_RUN ?? '')).toEqual([])
  })

  test('with bad options throws before anything is started', async () => {
    await expect(startCluster({ mode: 'hybird' })).rejects.toThrow(TypeError)
    await expect(startCluster({ mode: 'local', nodes: 0 })).rejects.toThrow('nodes is 0')
  })

  test('given up by its signal leaves nothing behind', async () => {
    const abort = new AbortController()
    const start = startCluster({
      mode: 'clustered',
      signal: abort.signal,
      onState: (part, state) => part === 'node b' && state === 'starting' && abort.abort(new Error('enough')),
    })
    await expect(start).rejects.toThrow('enough')
    expect(survivors(process.env.CLUSTER_RUN ?? '')).toEqual([])
  })

  test('given up before its supervisor is up starts no part at all', async () => {
    const abort = new AbortController()
    const started: string[] = []
    const start = startCluster({ mode: 'local', signal: abort.signal, onState: (part) => started.push(part) })
    abort.abort(new Error('enough'))
    await expect(start).rejects.toThrow('enough')
    expect(started).toEqual([])
    expect(survivors(process.env.CLUSTER_RUN ?? '')).toEqual([])
  })

  test('with a program that does not exist says so', async () => {
    const start = startCluster({ mode: 'clustered', redis: { server: '/nowhere/redis-server' } })
    await expect(start).rejects.toThrow(/^redis did not start: .*ENOENT/)
  })
})

function expectOneLine(stderr: string, variable: string): void {
  expect(stderr.trimEnd().split('\n'), stderr).toHaveLength(1)
  expect(stderr).toContain(variable)
}
