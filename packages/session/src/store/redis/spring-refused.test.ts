import { afterAll, describe, expect, it, vi } from 'vitest'
import { node, type TestNode } from '../../../test/app.ts'
import { type Browser, browser, setCookies } from '../../../test/browser.ts'
import { redisRig } from '../../../test/redis-rig.ts'
import { springJson } from '../../codec/spring-json.ts'
import { createSessions } from '../../create-sessions.ts'
import type { SessionEvents } from '../../observe/events.ts'
import { RedisCalls } from './calls.ts'
import { ioredisConnection } from './ioredis.ts'
import { RedisKeys } from './layout.ts'
import { redisStore } from './redis.ts'
import { SpringNeighbour } from './spring.ts'

/** What Spring leaves in Redis when it is set up in ways that are not shared; no Java is needed for it. */
const rig = await redisRig()
const client = rig.client()
afterAll(() => rig[Symbol.asyncDispose]())

const connection = ioredisConnection(client)
const LIFETIME = { idleTimeoutMs: 60_000, absoluteTimeoutMs: 0, touchEveryMs: 10_000 }
const ID = 'b1f9c8de-46c8-4b8e-9f5d-0f8b6a3c2d1e'
let made = 0

async function shared(fields: Record<string, string | Buffer>, more: readonly string[] = []) {
  const namespace = `spring-${++made}`
  const key = `${namespace}:sessions:${ID}`
  await client.hset(key, fields)
  for (const name of more) await client.set(`${namespace}:sessions:${name}`, '')
  const n = await node({ store: redisStore({ client, namespace, ids: 'spring' }), storeTimeoutMs: 30_000 })
  n.on('/get', (session) => session.get('q'))
  n.on('/set', (session) => session.set('q', 1))
  n.on('/update', (session) => session.update('q', () => 1))
  n.on('/login', (session) => session.rotate({ user: 'eve' }))
  n.on('/logout', (session) => session.invalidate())
  const user: Browser = browser(n.app, new Map([['SESSION', ID]]))
  return { n, key, user, [Symbol.asyncDispose]: () => n[Symbol.asyncDispose]() }
}

const codeOf = async (user: Browser, url: string) => {
  const response = await user.get(url)
  return [response.statusCode, response.json().code, setCookies(response)]
}

describe('a session in Java’s own serialization', () => {
  const javaLong = Buffer.from('aced00057372000e6a6176612e6c616e672e4c6f6e67', 'hex')
  const JDK = {
    creationTime: javaLong,
    lastAccessedTime: javaLong,
    maxInactiveInterval: javaLong,
    'sessionAttr:q': javaLong,
  }

  it('reads as absent, told once; a write is refused and changes neither it nor the cookie; it can be ended', async () => {
    await using s = await shared(JDK)
    const told: SessionEvents['unreadable'][] = []
    s.n.sessions.on('unreadable', (event) => told.push(event))
    for (const url of ['/get', '/get']) expect((await s.user.copy().get(url)).json()).toEqual({ value: null })
    for (const url of ['/set', '/update', '/login']) {
      expect(await codeOf(s.user.copy(), url)).toEqual([500, 'SESSION_UNREADABLE', []])
    }
    expect(told).toEqual([expect.objectContaining({ attribute: '', error: expect.any(Error) })])
    expect(String(told[0]?.error)).toContain('RedisSerializer.json()')
    expect(await client.hgetallBuffer(s.key)).toEqual(JDK)
    expect((await s.n.sessions.list()).sessions).toEqual([])
    await s.user.get('/logout')
    expect([await client.exists(s.key), s.user.cookies.size]).toEqual([0, 0])
  })
})

it.each(['creationTime', 'lastAccessedTime', 'maxInactiveInterval'])(
  'a session whose %s alone is in Java’s own serialization is unreadable, too: it is not taken for absent',
  async (field) => {
    const java = Buffer.from('aced00057372000e6a6176612e6c616e672e4c6f6e67', 'hex')
    await using s = await shared({
      creationTime: '1',
      lastAccessedTime: String(Date.now()),
      maxInactiveInterval: '1800',
      [field]: java,
    })
    expect(await codeOf(s.user, '/set')).toEqual([500, 'SESSION_UNREADABLE', []])
  },
)

describe('a lifetime that Spring cannot count', () => {
  const tooLong = 2 ** 31 * 1000

  it('is refused, in the options and for one session; never is as far as Spring counts', async () => {
    const store = redisStore({ client, namespace: `spring-${++made}`, ids: 'spring' })
    const options = { store, codec: springJson() }
    expect(() => createSessions({ ...options, idleTimeoutMs: tooLong })).toThrow(/idleTimeoutMs .*Spring counts/)
    await using n = await node({ ...options, idleTimeoutMs: tooLong - 1000 })
    n.on('/long', (session) => session.setLifetime({ idleTimeoutMs: tooLong }).catch((error: Error) => error.message))
    n.on('/never', async (session) => [
      await session.setLifetime({ idleTimeoutMs: Infinity }),
      await session.set('q', 1),
    ])
    expect((await browser(n.app).get('/long')).json().value).toContain('Spring counts')
    const user = browser(n.app)
    await user.get('/never')
    expect(await client.hget(store.keyOf(String(user.cookies.get('SESSION'))), 'maxInactiveInterval')).toBe(
      '2147483647',
    )
  })
})

describe('a session of Spring’s indexed repository', () => {
  const times = { creationTime: '1', lastAccessedTime: String(Date.now()), maxInactiveInterval: '1800' }
  const calls: Record<string, (n: TestNode, user: Browser) => Promise<unknown>> = {
    load: (_n, user) => codeOf(user, '/get'),
    write: (_n, user) => codeOf(user, '/set'),
    login: (_n, user) => codeOf(user, '/login'),
    logout: (_n, user) => codeOf(user, '/logout'),
    'a newcomer’s write': ({ app }) => codeOf(browser(app), '/set'),
  }
  const admin: Record<string, (n: TestNode) => Promise<unknown>> = {
    ofUser: ({ sessions }) => sessions.ofUser('eve'),
    endUser: ({ sessions }) => sessions.endUser('eve'),
    list: ({ sessions }) => sessions.list(),
  }

  it('is refused whatever is asked, with one warning that says what to do, and opens no circuit', async () => {
    await using s = await shared(times, [`expires:${ID}`])
    const warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => {})
    for (let n = 0; n < 3; n++) {
      for (const [call, act] of Object.entries(calls)) {
        expect([call, await act(s.n, s.user.copy())]).toEqual([call, [503, 'SESSION_STORE_REFUSED', []]])
      }
      for (const act of Object.values(admin)) await expect(act(s.n)).rejects.toThrow('SPRING_INDEXED')
    }
    expect(warned.mock.calls.filter(([text]) => String(text).includes('@EnableRedisIndexedHttpSession'))).toHaveLength(
      1,
    )
    expect([s.n.sessions.isCircuitOpen, await client.exists(s.key)]).toEqual([false, 1])
    warned.mockRestore()
  })

  it('is found in time among however many other keys', async () => {
    await using s = await shared(times)
    const spring = new SpringNeighbour(connection, new RedisCalls(connection), new RedisKeys(s.key.split(':')[0] ?? ''))
    const others = Array.from({ length: 6_000 }, (_, i) => [`other-${made}-${i}`, '1']).flat()
    await client.mset(others)
    // One that the first look does not come to.
    for (let i = 0; ; i++) {
      const name = s.key.replace(ID, `expires:${i}`)
      await client.set(name, '')
      const [, found] = await client.scan('0', 'MATCH', name, 'COUNT', '1000')
      if (found.length === 0) break
      await client.del(name)
    }
    vi.spyOn(process, 'emitWarning').mockImplementationOnce(() => {})
    vi.useFakeTimers({ toFake: ['performance'] })
    const look = () => {
      vi.advanceTimersByTime(60_000)
      return spring.look({ now: Date.now(), lifetime: LIFETIME }).then(
        () => 'none',
        (error) => error.reason,
      )
    }
    const seen: string[] = []
    while (seen.at(-1) !== 'SPRING_INDEXED' && seen.length < 20) seen.push(await look())
    vi.useRealTimers()
    expect(seen.at(-1)).toBe('SPRING_INDEXED')
  })

  it('is seen on a node that has found none before', async () => {
    await using s = await shared(times)
    expect((await s.user.get('/get')).statusCode).toBe(200)
    await client.set(s.key.replace(ID, `expires:${ID}`), '')
    vi.spyOn(process, 'emitWarning').mockImplementationOnce(() => {})
    expect(await codeOf(s.user, '/logout')).toEqual([503, 'SESSION_STORE_REFUSED', []])
  })
})
