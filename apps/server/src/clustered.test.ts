import { type OwnRedis, startRedis } from '@session-cluster/cluster'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { redisCliLine } from './redis-cli.ts'
import { testNode } from './test-node.ts'

let redis: OwnRedis
let REDIS_URL: string

beforeAll(async () => {
  redis = await startRedis()
  REDIS_URL = redis.url
}, 60_000)
afterAll(async () => redis?.[Symbol.asyncDispose]())

/** A store time-out that a busy machine does not reach; the failures below use short ones. */
const PATIENT = { SESSION_STORE_TIMEOUT_MS: '10000' }
const clustered = (name: string, env: Record<string, string> = {}) =>
  testNode({ MODE: 'clustered', REDIS_URL, NODE_NAME: name, ...PATIENT, ...env })

describe('clustered nodes', () => {
  it('know each other’s sessions, under the cookie SESSION', async () => {
    await using a = await clustered('a')
    await using b = await clustered('b')
    const client = a.client()
    await client.get('/set?q=password')
    expect([...client.jar.keys()]).toEqual(['SESSION'])
    const onB = await b.client(client.jar).get('/get')
    expect([onB.statusCode, onB.body, onB.headers['x-served-by']]).toEqual([200, 'password', 'b'])
  })

  it('add up 50 parallel increments exactly', async () => {
    await using a = await clustered('a')
    await using b = await clustered('b')
    const { jar, get } = a.client()
    await a.client(jar).get('/set?q=1')
    await Promise.all(Array.from({ length: 50 }, (_, index) => (index % 2 ? a : b).client(jar).post('/counter')))
    expect((await get('/counter')).body).toBe('50')
  })

  it('name the exact key in Redis and the line that shows it, without the id', async () => {
    await using node = await clustered('a', { SESSION_NAMESPACE: 'shop' })
    const client = node.client()
    await client.get('/set?q=password')
    const { session } = (await client.get('/whoami')).json()
    expect(session).toMatchObject({ storedIn: 'Redis', redisKey: expect.stringMatching(/^shop:sessions:[\w-]{43}$/) })
    expect(session.redisCli).toBe(
      redisCliLine(
        { kind: 'single', tls: false, endpoints: [{ host: '127.0.0.1', port: redis.port }], db: 0 },
        session.redisKey,
      ),
    )
    const direct = new Redis(REDIS_URL)
    expect(await direct.hget(session.redisKey, 'sessionAttr:q')).toBe('"password"')
    direct.disconnect()
  })

  it('say that Redis, not the node, does not know a forged session', async () => {
    await using node = await clustered('b')
    const missed = await node.client(new Map([['SESSION', 'F'.repeat(24)]])).get('/get', { accept: 'application/json' })
    expect(missed.json()).toMatchObject({
      status: 404,
      node: 'b',
      mode: 'clustered',
      reason: 'unknown-session',
      title: 'Redis does not know this session',
    })
  })

  it('share sessions with Spring under SESSION_IDS=spring: its UUID in Base64 both ways, its key, its JSON', async () => {
    const SESSION_NAMESPACE = 'spring:session'
    await using node = await clustered('a', { SESSION_IDS: 'spring' })
    const direct = new Redis(REDIS_URL)
    const id = 'b1f9c8de-46c8-4b8e-9f5d-0f8b6a3c2d1e'
    const times = { creationTime: Date.now(), lastAccessedTime: Date.now(), maxInactiveInterval: 1800 }
    await direct.hset(`${SESSION_NAMESPACE}:sessions:${id}`, { ...times, 'sessionAttr:q': '"hello"' })
    const client = node.client(new Map([['SESSION', Buffer.from(id).toString('base64')]]))
    expect((await client.get('/get')).body).toBe('hello')
    await client.post('/cart/add?item=java.io.File')
    await client.post('/cart/add?item=/etc/passwd')
    const made = node.client()
    await made.get('/set?q=ours')
    const own = Buffer.from(made.jar.get('SESSION') ?? '', 'base64').toString()
    expect(await direct.hget(`${SESSION_NAMESPACE}:sessions:${own}`, 'sessionAttr:q')).toBe('"ours"')
    const cart = await direct.hget(`${SESSION_NAMESPACE}:sessions:${id}`, 'sessionAttr:cart')
    expect(cart).toBe('["java.util.ArrayList",["java.io.File","/etc/passwd"]]')
    direct.disconnect()
  })

  it('show an operator the session’s bytes, decoded, with its key and time to live', async () => {
    await using node = await clustered('a')
    const client = node.client()
    await client.post('/login?user=carol')
    await client.post('/counter')
    const { handle } = (
      await node.admin.inject({ url: '/users/carol/sessions', headers: { host: 'localhost' } })
    ).json().sessions[0]
    const shown = (await node.admin.inject({ url: `/sessions/${handle}`, headers: { host: 'localhost' } })).json()
    expect(shown.redisKey).toBe((await client.get('/whoami')).json().session.redisKey)
    expect(shown.ttlMs).toBeGreaterThan(0)
    expect(shown.fields).toContainEqual({ name: 'sessionAttr:counter', base64: 'MQ==', text: '1', decoded: 1 })
    expect(shown.fields).toContainEqual(expect.objectContaining({ name: 'maxInactiveInterval', text: '1800' }))
  })

  it('count one round trip for a read and two for a write', async () => {
    await using node = await clustered('a')
    const client = node.client()
    await client.get('/set?q=1')
    const trips: [string, number | undefined][] = []
    node.parts.activity.on('request', ({ path, session }) => trips.push([path, session?.storeRoundTrips]))
    await client.get('/work?ms=0')
    await client.get('/get')
    await client.get('/set?q=2')
    expect(trips).toEqual([
      ['/work', 0],
      ['/get', 1],
      ['/set', 2],
    ])
  })
})

describe('GET /context', () => {
  it('brings an object of a class back as an instance with the registry codec, on another node too', async () => {
    await using a = await clustered('a', { SESSION_CODEC: 'registry' })
    await using b = await clustered('b', { SESSION_CODEC: 'registry' })
    const client = a.client()
    expect((await client.post('/context?user=alice')).statusCode).toBe(200)
    expect((await b.client(client.jar).get('/context')).json()).toEqual({
      user: 'alice',
      authorities: ['ROLE_USER'],
      isInstance: true,
      codec: 'registry',
    })
  })

  it.each(['json', 'typed-json', 'v8'])(
    'is refused by the codec %s when it is saved: 422 with the reason, and nothing is kept',
    async (SESSION_CODEC) => {
      await using node = await clustered('a', { SESSION_CODEC })
      const client = node.client()
      const refused = await client.post('/context?user=alice', { accept: 'application/json' })
      expect(refused.json()).toMatchObject({
        status: 422,
        type: 'urn:session-cluster:problem:value-refused',
        detail: expect.stringContaining('"context"'),
      })
      expect(refused.headers['set-cookie']).toBeUndefined()
    },
  )

  it('drops a value that another codec wrote, and keeps the rest readable: never a 500', async () => {
    await using before = await clustered('a', { SESSION_CODEC: 'v8' })
    await using after = await clustered('b', { SESSION_CODEC: 'json' })
    const client = before.client()
    await client.get('/set?q=password')
    const dropped = await after.client(client.jar).get('/get')
    expect([dropped.statusCode, dropped.headers['x-served-by']]).toEqual([404, 'b'])
    expect(after.log.map((line) => JSON.parse(line).msg)).toContain('attribute could not be read, and was dropped')
  })
})

describe('when Redis fails', () => {
  it('a frozen one is answered 503 with Retry-After and no cookie, and all is well when it thaws', async () => {
    await using own = await startRedis()
    await using node = await testNode({
      MODE: 'clustered',
      REDIS_URL: own.url,
      NODE_NAME: 'b',
      SESSION_STORE_TIMEOUT_MS: '1000',
    })
    const client = node.client()
    await client.get('/set?q=kept')
    await own.freeze()
    const refused = await client.get('/set?q=lost', { accept: 'application/json' })
    expect(refused.json()).toMatchObject({
      status: 503,
      type: 'urn:session-cluster:problem:store-unavailable',
      node: 'b',
    })
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0)
    expect(refused.headers['set-cookie']).toBeUndefined()
    expect((await node.client().get('/set?q=fresh')).statusCode).toBe(503)
    expect((await client.get('/work?ms=0')).statusCode).toBe(200)
    expect((await client.get('/readyz')).statusCode).toBe(200)
    const login = await node.app.inject({ method: 'POST', url: '/login?user=a', headers: { accept: 'text/html' } })
    expect([login.statusCode, login.headers.location, login.headers['content-type']]).toEqual([
      503,
      undefined,
      'text/html; charset=utf-8',
    ])
    await own.thaw()
    await expect.poll(async () => (await client.get('/get')).body, { timeout: 20_000 }).toBe('kept')
  }, 60_000)

  it('one that is gone is answered 503, and all is well when it is back', async () => {
    await using own = await startRedis({ appendOnly: true, args: ['--appendfsync', 'always'] })
    await using node = await testNode({ MODE: 'clustered', REDIS_URL: own.url, SESSION_STORE_TIMEOUT_MS: '1000' })
    const client = node.client()
    await client.get('/set?q=kept')
    await own.crash()
    await expect.poll(async () => (await client.get('/get')).statusCode).toBe(503)
    await own.restart()
    await expect.poll(async () => (await client.get('/get')).body, { timeout: 20_000 }).toBe('kept')
    expect(node.log.map((line) => JSON.parse(line).msg)).toEqual(
      expect.arrayContaining(['connection to Redis lost', 'connection to Redis is back']),
    )
  }, 60_000)
})
