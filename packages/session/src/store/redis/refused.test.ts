import { rmSync } from 'node:fs'
import type { Redis } from 'ioredis'
import { afterAll, describe, expect, it } from 'vitest'
import { node } from '../../../test/app.ts'
import { type Browser, browser } from '../../../test/browser.ts'
import { redisRig } from '../../../test/redis-rig.ts'
import { redisOptions } from './options.ts'
import { redisStore } from './redis.ts'
import * as scripts from './scripts.ts'

const rig = await redisRig()
const admin = rig.client()
afterAll(() => rig[Symbol.asyncDispose]())

/** What a handler does with its session, by its path; `/get` only reads. */
const CHANGES = ['/set', '/delete', '/both', '/take', '/update', '/rotate', '/login', '/invalidate', '/end-user']

/** Every command that the store sends, or that a script of it runs: a new one is denied here too. */
const COMMANDS = [
  ...new Set(
    Object.values(scripts).flatMap(({ source }) =>
      [...source.matchAll(/(?:call|try)\('([A-Z]+)'/g)].map(([, name]) => name as string),
    ),
  ),
  'EVALSHA',
  'HMGET',
  'SCAN',
  'ZRANGE',
].map((name) => name.toLowerCase())

/** Without these nothing can be read at all. */
const READING = ['evalsha', 'hgetall']

let made = 0

/** A node whose Redis user may have less than all rights, and a visitor with a session who is logged in. */
async function scene(rights = '+@all') {
  const name = `scene-${made++}`
  await admin.call('ACL', 'SETUSER', name, 'on', '>pw', '~*', '&*', '+@all')
  const client = rig.client({ ...redisOptions, username: name, password: 'pw' })
  await expect.poll(() => client.status).toBe('ready')
  let late = 0
  const store = redisStore({ client, namespace: name })
  const n = await node({
    store,
    now: () => Date.now() + late,
    breaker: { failures: 5, coolDownMs: 60_000 },
    storeTimeoutMs: 10_000,
  })
  n.on('/get', async (session) => [await session.get('q'), await session.get('n'), (await session.info())?.user])
  n.on('/set', (session) => session.set('q', 'changed'))
  n.on('/delete', (session) => session.delete('q'))
  n.on('/both', async (session) => [await session.delete('q'), await session.set('n', 100)])
  n.on('/take', (session) => session.take('q'))
  n.on('/update', (session) => session.update('n', (old = 0) => (old as number) + 1))
  n.on('/rotate', (session) => session.rotate())
  n.on('/login', (session) => session.rotate({ user: 'eve' }))
  n.on('/invalidate', (session) => session.invalidate())
  n.on('/end-user', () => n.sessions.endUser('/end-user'))
  n.on('/list', async () => (await n.sessions.list()).sessions.length)
  n.on('/devices', async () => (await n.sessions.ofUser('/get')).length)
  n.app.get<{ Querystring: { user: string } }>('/start', async (request) => {
    const session = n.sessions.of(request)
    await session.set('q', 'old')
    await session.set('n', 1)
    await session.rotate({ user: request.query.user })
  })
  const visitor = async (name: string) => {
    const user = browser(n.app)
    await user.get(`/start?user=${name}`)
    return user
  }
  const users = new Map<string, Browser>()
  for (const change of [...CHANGES, '/get']) users.set(change, await visitor(change))
  // Every script is known to Redis, so that none is lost to a missing right to send its source.
  for (const { source } of Object.values(scripts)) await admin.script('LOAD', source)
  if (rights !== '+@all') await admin.call('ACL', 'SETUSER', name, rights)
  return {
    ...n,
    users,
    passAMinute: () => {
      late += 61_000
    },
    keys: () => keysOf(admin, `${name}:*`),
  }
}

const keysOf = async (client: Redis, pattern: string): Promise<[string, number][]> =>
  Promise.all((await client.keys(pattern)).map(async (key) => [key, await client.pttl(key)] as [string, number]))

const old = (user: string) => ({ value: ['old', 1, user] })

/** What must hold whatever Redis refuses. `mayRead`: whether reading is possible at all. */
async function holds(s: Awaited<ReturnType<typeof scene>>, mayRead: boolean, heal: () => Promise<unknown>) {
  const failed: string[] = []
  for (const [change, user] of s.users) {
    if (change === '/get') continue
    const response = await user.get(change)
    if (response.statusCode === 200) continue
    failed.push(change)
    // True text, with what Redis said; nobody is told that Redis is silent.
    expect([change, response.statusCode, response.json().code]).toEqual([change, 503, 'SESSION_STORE_REFUSED'])
    expect(response.json().message).toMatch(/^The session store refused this request \([A-Z]+\)$/)
  }
  for (const url of ['/set', '/login', '/update']) await browser(s.app).get(url)
  for (const url of ['/list', '/devices']) await browser(s.app).get(url)
  // Readers are served, and so is one whose access must be written down.
  const reader = s.users.get('/get') as Browser
  for (let minute = 0; minute < 2; minute++) {
    if (mayRead) expect((await reader.get('/get')).json()).toEqual(old('/get'))
    s.passAMinute()
  }
  expect(s.sessions.isCircuitOpen).toBe(false)
  for (const [key, ttl] of await s.keys()) expect([key, ttl > 0]).toEqual([key, true])
  await heal()
  // What was refused did not happen, in no part of it.
  for (const change of failed)
    expect([change, (await s.users.get(change)?.get('/get'))?.json()]).toEqual([change, old(change)])
  for (const change of failed) expect([change, (await s.sessions.ofUser(change)).length]).toEqual([change, 1])
  return failed
}

describe('a Redis that denies one command', () => {
  it.each(COMMANDS)(
    '%s: readers read, no key stays for ever, nothing happens by halves, the circuit stays closed',
    async (denied) => {
      const s = await scene(`-${denied}`)
      const name = `scene-${made - 1}`
      await holds(s, !READING.includes(denied), () => admin.call('ACL', 'SETUSER', name, '+@all'))
      await s[Symbol.asyncDispose]()
    },
  )
})

const STATES: Record<
  string,
  { readonly on: (admin: Redis) => Promise<unknown>; readonly off: (admin: Redis) => Promise<unknown> }
> = {
  'is full (OOM)': { on: (r) => r.config('SET', 'maxmemory', '1'), off: (r) => r.config('SET', 'maxmemory', '0') },
  'has too few replicas (NOREPLICAS)': {
    on: (r) => r.config('SET', 'min-replicas-to-write', '1'),
    off: (r) => r.config('SET', 'min-replicas-to-write', '0'),
  },
  'has become a replica (READONLY)': { on: (r) => r.replicaof('127.0.0.1', 1), off: (r) => r.replicaof('NO', 'ONE') },
}

describe('a Redis that takes no writes', () => {
  it.each(Object.entries(STATES))(
    'because it %s: serves readers, refuses writers with its own words',
    async (_name, { on, off }) => {
      const s = await scene()
      await on(admin)
      expect((await browser(s.app).get('/set')).statusCode).toBe(503)
      const failed = await holds(s, true, () => off(admin)).finally(() => off(admin))
      expect(failed).toEqual(expect.arrayContaining(['/set', '/both', '/update', '/rotate', '/login']))
      await s[Symbol.asyncDispose]()
    },
  )

  it('because it cannot save (MISCONF): serves readers, refuses writers', async () => {
    const s = await scene()
    const [, directory = ''] = (await admin.config('GET', 'dir')) as string[]
    rmSync(directory, { recursive: true })
    await admin.config('SET', 'save', '3600 1')
    await admin.bgsave()
    await expect.poll(() => admin.info('persistence')).toContain('rdb_last_bgsave_status:err')
    const off = async () => {
      await admin.config('SET', 'save', '')
      await admin.config('SET', 'stop-writes-on-bgsave-error', 'no')
    }
    const failed = await holds(s, true, off).finally(off)
    expect(failed).toContain('/set')
    await s[Symbol.asyncDispose]()
  })
})

describe('one session’s broken key', () => {
  const BROKEN: Record<string, (key: string) => Promise<unknown>> = {
    'a string': (key) => admin.set(key, 'x', 'EX', 100),
    'a list': async (key) => [await admin.rpush(key, 'x'), await admin.expire(key, 100)],
    'a revision that is no integer': (key) => admin.hset(key, 'revision', 'x'),
    'times that are no numbers': (key) => admin.hset(key, 'creationTime', 'x'),
  }

  it.each(Object.entries(BROKEN))('%s: is nobody else’s trouble', async (what, breakIt) => {
    const s = await scene()
    const key = (await s.sessions.ofUser('/get'))[0]?.handle
    const owner = s.users.get('/get') as Browser
    const events: unknown[] = []
    s.sessions.on('storeError', ({ error }) => events.push((error as Error).message))
    const name = `scene-${made - 1}:sessions:${key}`
    if (!what.includes('no ')) await admin.del(name)
    await breakIt(name)
    for (let i = 0; i < 10; i++) {
      for (const url of ['/get', '/set', '/list', '/devices']) {
        for (const user of [owner, ...s.users.values()]) {
          const { statusCode } = await user.get(url)
          expect([url, statusCode]).toEqual([url, expect.toBeOneOf([200, 409])])
        }
      }
    }
    expect(s.sessions.isCircuitOpen).toBe(false)
    if (what.startsWith('a string')) expect(events.join()).toContain('holds something else')
    await s[Symbol.asyncDispose]()
  })
})
