import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { freePort, startRedis } from '@session-cluster/cluster'
import { describe, expect, it } from 'vitest'
import { testProcess } from './test-process.ts'

/** The bound that a user is promised, and what a machine ten times too slow gets. */
const START_FAILS_WITHIN_MS = 5000
const SLOW_MACHINE = 10

async function refusal(env: Record<string, string>): Promise<string> {
  const start = performance.now()
  await using node = testProcess(env)
  const { code } = await node.exit()
  expect(performance.now() - start).toBeLessThan(START_FAILS_WITHIN_MS * SLOW_MACHINE)
  expect(code).toBe(1)
  expect(node.out.stderr).toMatch(/^[^\n]+\n$/)
  expect(node.out.stderr).not.toMatch(/\bat .*:\d+:\d+/)
  expect(node.lines().map(({ msg }) => msg)).not.toContain('ready')
  return node.out.stderr.trim()
}

/** A TCP server that accepts and never says a word; as a frozen Redis does. */
async function silentServer() {
  const server = createServer(() => undefined).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return { port, [Symbol.asyncDispose]: async () => void server.close() }
}

describe('a start that cannot be accepted ends with exit code 1 and one line', { timeout: 60_000 }, () => {
  it.each([
    [{ MODE: 'clusterd' }, 'MODE: "clusterd" is not one of local, sticky, clustered, hybrid, redis'],
    [{ PORT: '99999' }, 'PORT: "99999" is not a whole number from 0 to 65535'],
    [{ MODE: 'clustered' }, /^REDIS_URL: must be set when MODE is clustered; use redis:\/\//],
    [{ SESSION_IDLE_TIMEOUT_MS: '1500' }, /^SESSION_IDLE_TIMEOUT_MS: "1500" /],
    [{ SESSION_COOKIE_NAME: '__Host-s' }, /^SESSION_COOKIE_SECURE: is false, but must be true with the name __Host-s$/],
    [{ SESSION_COOKIE_SAME_SITE: 'none' }, /^SESSION_COOKIE_SECURE: is false, but must be true with sameSite: 'none'$/],
    [{ SESSION_TOUCH_EVERY_MS: '3600000' }, /^SESSION_TOUCH_EVERY_MS: /],
    [{ HOST: '192.0.2.1' }, /^HOST: 192\.0\.2\.1 is not an address of this machine/],
  ])('for %j', async (env, line) => {
    expect(await refusal(env as Record<string, string>)).toMatch(line)
  })

  it('for a port that is taken, PORT or ADMIN_PORT', async () => {
    await using taken = await silentServer()
    expect(await refusal({ PORT: String(taken.port) })).toBe(
      `PORT: ${taken.port} is already taken on 127.0.0.1; use another port, or 0 for any free one`,
    )
    expect(await refusal({ ADMIN_PORT: String(taken.port) })).toMatch(/^ADMIN_PORT: \d+ is already taken/)
  })

  it.each(['redis://127.0.0.1:PORT', 'redis+sentinel://127.0.0.1:PORT/main', 'redis+cluster://127.0.0.1:PORT'])(
    'for a Redis that refuses at %s',
    async (url) => {
      const REDIS_URL = url.replace('PORT', String(await freePort()))
      const line = await refusal({ MODE: 'clustered', REDIS_URL })
      expect(line).toContain(`REDIS_URL: cannot use ${REDIS_URL}: `)
      expect(line).toMatch(/ECONNREFUSED|no primary named main was found|None of startup nodes is available/)
    },
  )

  it.each(['redis://127.0.0.1:PORT', 'redis+sentinel://127.0.0.1:PORT/main', 'redis+cluster://127.0.0.1:PORT'])(
    'for a Redis that hangs at %s',
    async (url) => {
      await using silent = await silentServer()
      const REDIS_URL = url.replace('PORT', String(silent.port))
      expect(await refusal({ MODE: 'clustered', REDIS_URL })).toMatch(/^REDIS_URL: cannot use redis/)
    },
  )

  it('for a Redis that asks for another password, which is not shown', async () => {
    await using redis = await startRedis({ args: ['--requirepass', 'right-one'] })
    const REDIS_URL = redis.url.replace('redis://', 'redis://:wr0ng-one@')
    const line = await refusal({ MODE: 'clustered', REDIS_URL })
    expect(line).toMatch(/^REDIS_URL: cannot use redis:\/\/127\.0\.0\.1:\d+: .*(WRONGPASS|NOAUTH)/)
    expect(line).not.toContain('wr0ng-one')
  })
})

describe('a node', { timeout: 60_000 }, () => {
  it('says once that it is ready, and where, even with its log switched off', async () => {
    await using node = testProcess({ NODE_NAME: 'b', LOG_LEVEL: 'silent' })
    const { url, adminUrl } = await node.ready()
    expect(await (await fetch(`${url}/livez`)).text()).toBe('ok\n')
    expect(await (await fetch(`${adminUrl}/inspect`)).json()).toMatchObject({ node: 'b', pid: node.child.pid })
    expect(node.lines()).toHaveLength(1)
    expect(node.lines()[0]).toMatchObject({ node: 'b', msg: 'ready', mode: 'local', url, adminUrl })
  })

  it('serves on after SIGTERM while readyz says 503, then closes and exits with 0', async () => {
    await using node = testProcess({ DRAIN_MS: '1500' })
    const { url, adminUrl } = await node.ready()
    const kept = await fetch(`${url}/set?q=1`)
    expect(kept.headers.get('connection')).toBe('keep-alive')
    node.child.kill('SIGTERM')
    await expect.poll(async () => (await fetch(`${url}/readyz`)).status).toBe(503)
    expect((await fetch(`${adminUrl}/readyz`)).status).toBe(503)
    const served = await fetch(`${url}/set?q=2`)
    expect([served.status, served.headers.get('connection')]).toEqual([200, 'close'])
    expect(await node.exit()).toEqual({ code: 0, signal: null })
    await expect(fetch(url)).rejects.toThrow()
    expect(node.lines().map(({ msg }) => msg)).toEqual(expect.arrayContaining(['draining', 'closed']))
  })

  it('finishes the request that is under way before it exits', async () => {
    await using node = testProcess({ DRAIN_MS: '0' })
    const { url, adminUrl } = await node.ready()
    const slow = fetch(`${url}/slow-set?q=done&ms=1000`, { method: 'POST' })
    await expect
      .poll(async () => ((await (await fetch(`${adminUrl}/inspect`)).json()) as { inFlight: number }).inFlight)
      .toBe(1)
    node.child.kill('SIGTERM')
    expect(await (await slow).text()).toBe('Saved: done')
    expect(await node.exit()).toEqual({ code: 0, signal: null })
  })

  it('does not let a reader of its events keep it from closing', async () => {
    await using node = testProcess({ DRAIN_MS: '0' })
    const { adminUrl } = await node.ready()
    const events = await fetch(`${adminUrl}/events`)
    node.child.kill('SIGTERM')
    expect(await node.exit()).toEqual({ code: 0, signal: null })
    await events.body?.cancel().catch(() => undefined)
  })

  it('ends its drain at once at a second signal, and does not drain at all at Ctrl-C', async () => {
    await using twice = testProcess({ DRAIN_MS: '600000' })
    await twice.ready()
    twice.child.kill('SIGTERM')
    await expect.poll(() => twice.lines().map(({ msg }) => msg)).toContain('draining')
    twice.child.kill('SIGTERM')
    expect(await twice.exit()).toEqual({ code: 0, signal: null })
    await using once = testProcess({ DRAIN_MS: '600000' })
    await once.ready()
    once.child.kill('SIGINT')
    expect(await once.exit()).toEqual({ code: 0, signal: null })
  })

  it('crashes and freezes when its operator, with the token, asks', async () => {
    await using node = testProcess({ ADMIN_TOKEN: 'operator-token' })
    const { url, adminUrl } = await node.ready()
    const order = (path: string) =>
      fetch(`${adminUrl}${path}`, { method: 'POST', headers: { authorization: 'Bearer operator-token' } })
    expect((await order('/freeze?ms=700')).status).toBe(202)
    const start = performance.now()
    await fetch(`${url}/livez`)
    expect(performance.now() - start).toBeGreaterThan(300)
    expect((await order('/crash')).status).toBe(202)
    expect(await node.exit()).toEqual({ code: null, signal: 'SIGKILL' })
  })
})
