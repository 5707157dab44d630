import { afterAll, describe, expect, it, vi } from 'vitest'
import { node, type TestNode } from '../../../test/app.ts'
import { type Browser, browser, setCookies } from '../../../test/browser.ts'
import { redisRig } from '../../../test/redis-rig.ts'
import type { SessionEvents } from '../../observe/events.ts'
import { redisStore } from './redis.ts'

/** What Spring leaves in Redis when it is set up in ways that are not shared; no Java is needed for it. */
const rig = await redisRig()
const client = rig.client()
afterAll(() => rig[Symbol.asyncDispose]())

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

  it('is seen on a node that has found none before', async () => {
    await using s = await shared(times)
    expect((await s.user.get('/get')).statusCode).toBe(200)
    await client.set(s.key.replace(ID, `expires:${ID}`), '')
    vi.spyOn(process, 'emitWarning').mockImplementationOnce(() => {})
    expect(await codeOf(s.user, '/logout')).toEqual([503, 'SESSION_STORE_REFUSED', []])
  })
})
