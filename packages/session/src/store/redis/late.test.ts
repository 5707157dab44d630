import { Cluster, type Redis } from 'ioredis'
import { afterAll, describe, expect, it } from 'vitest'
import { node } from '../../../test/app.ts'
import { browser } from '../../../test/browser.ts'
import { clusterRig } from '../../../test/cluster-rig.ts'
import { type Gate, type HeldLine, heldLine } from '../../../test/held-line.ts'
import { redisRig } from '../../../test/redis-rig.ts'
import { until } from '../../../test/until.ts'
import type { Session } from '../../session.ts'
import { redisOptions } from './options.ts'
import { redisStore } from './redis.ts'
import * as scripts from './scripts.ts'

const [rig, cluster] = await Promise.all([redisRig(), clusterRig()])
afterAll(() => Promise.all([rig, cluster].map((each) => each[Symbol.asyncDispose]())))

// A script that Redis does not know yet would not be run late, but be answered with NOSCRIPT.
for (const server of [rig, ...cluster.nodes]) {
  for (const { source } of Object.values(scripts)) await server.client().script('LOAD', source)
}

/** A link to Redis of a node's own, and how to break it. */
interface Line extends Pick<HeldLine, 'hold' | 'isHolding' | 'cut' | 'release'>, AsyncDisposable {
  readonly client: Cluster | Redis
}

async function lineToOne(): Promise<Line> {
  const line = await heldLine(rig.port)
  const client = rig.client(redisOptions, line.port)
  await until('the client is ready', async () => client.status === 'ready')
  return Object.assign(line, { client })
}

async function lineToCluster(): Promise<Line> {
  const gate: Gate = { left: Infinity }
  const lines = await Promise.all(cluster.nodes.map(({ port }) => heldLine(port, gate)))
  const natMap = Object.fromEntries(
    cluster.nodes.map(({ port }, i) => [`127.0.0.1:${port}`, { host: '127.0.0.1', port: lines[i]?.port ?? 0 }]),
  )
  const client = new Cluster([{ host: '127.0.0.1', port: lines[0]?.port ?? 0 }], {
    natMap,
    redisOptions,
    enableOfflineQueue: false,
  })
  client.on('error', () => {})
  await until('the client is ready', async () => client.status === 'ready')
  return {
    client,
    hold: (after) => lines.forEach((line) => void line.hold(after)),
    get isHolding() {
      return lines.some((line) => line.isHolding)
    },
    cut: () => lines.forEach((line) => void line.cut()),
    release: async () => void (await Promise.all(lines.map((line) => line.release()))),
    async [Symbol.asyncDispose]() {
      client.disconnect()
      await Promise.all(lines.map((line) => line[Symbol.asyncDispose]()))
    },
  }
}

/** Long enough for a busy machine to load within it; the tests run side by side. */
const TIMEOUT_MS = 1_000

/** Two nodes on one Redis; the line of one can be held. Its handlers hold it between the load and the change. */
async function pair(makeLine: () => Promise<Line>, after = 0) {
  const line = await makeLine()
  const direct = line.client.isCluster ? cluster.client : rig.client(redisOptions)
  const namespace = `late-${Math.random()}`
  const options = { storeTimeoutMs: TIMEOUT_MS, breaker: { failures: 0 } }
  const a = await node({ ...options, store: redisStore({ client: line.client, namespace }) })
  const b = await node({ ...options, store: redisStore({ client: direct, namespace }), maxSessionsPerUser: 3 })
  const held = (act: (session: Session) => unknown) => async (session: Session) => {
    await session.get('q')
    line.hold(after)
    await act(session)
  }
  a.on('/warm', (session) => session.set('q', 'warm'))
  for (const [url, act] of Object.entries(CHANGES))
    a.on(
      url,
      held((session) => act(session, a.sessions)),
    )
  for (const n of [a, b]) {
    n.on('/get', async (session) => [await session.get('q'), (await session.info())?.user])
    n.on('/login', (session) => session.rotate({ user: 'bob' }))
  }
  b.on('/old', (session) => session.set('q', 'old'))
  b.on('/new', (session) => session.set('q', 'new'))
  b.on('/count', async () => (await b.sessions.list({ limit: 1000 })).sessions.length)
  return {
    a,
    b,
    line,
    async [Symbol.asyncDispose]() {
      await Promise.all([a, b].map((n) => n[Symbol.asyncDispose]()))
      await line[Symbol.asyncDispose]()
    },
  }
}

const CHANGES: Record<string, (session: Session, sessions: Awaited<ReturnType<typeof node>>['sessions']) => unknown> = {
  '/set': (session) => session.set('q', 'refused'),
  '/delete': (session) => session.delete('q'),
  '/take': (session) => session.take('q'),
  '/update': (session) => session.update('q', () => 'refused'),
  '/rotate': (session) => session.rotate({ user: 'eve' }),
  '/rotate-only': (session) => session.rotate(),
  '/invalidate': (session) => session.invalidate(),
  '/regenerate': (session) => session.regenerate(),
  '/end-user': (_session, sessions) => sessions.endUser('bob'),
}

const FATES = ['the store does not answer', 'the connection breaks'] as const
const LINES = { 'one Redis': lineToOne, 'Redis Cluster': lineToCluster }
const MATRIX = Object.keys(LINES).flatMap((where) =>
  FATES.flatMap((fate) => Object.keys(CHANGES).map((change) => [where as keyof typeof LINES, fate, change] as const)),
)

describe.concurrent('a change that was refused with 503', () => {
  it.each(MATRIX)('does not happen later: %s, %s, %s', async (where, fate, change) => {
    await using p = await pair(LINES[where])
    const user = browser(p.b.app)
    await user.get('/old')
    await user.get('/login')
    await user.get('/get', p.a.app)
    const start = performance.now()
    const refused = user.get(change, p.a.app)
    await until('the change has been sent', async () => p.line.isHolding)
    if (fate === 'the connection breaks') p.line.cut()
    expect((await refused).statusCode).toBe(503)
    expect(performance.now() - start).toBeGreaterThanOrEqual(TIMEOUT_MS)
    expect((await user.get('/new')).statusCode).toBe(200)
    await p.line.release()
    expect((await user.get('/get')).json()).toEqual({ value: ['new', 'bob'] })
  })

  // What ends all of a user's sessions lists them first, in two steps.
  it.each(FATES)('does not happen later: ending a listed session, %s', async (fate) => {
    await using p = await pair(lineToOne, 2)
    const user = browser(p.b.app)
    for (const url of ['/old', '/login']) await user.get(url)
    await user.get('/get', p.a.app)
    const refused = user.get('/end-user', p.a.app)
    await until('the change has been sent', async () => p.line.isHolding)
    if (fate === 'the connection breaks') p.line.cut()
    expect((await refused).statusCode).toBe(503)
    await p.line.release()
    expect((await user.get('/get')).json()).toEqual({ value: ['old', 'bob'] })
  })

  // A rotation within a cluster has several steps: index, copy, write, forget.
  it.each(FATES.flatMap((fate) => [0, 1, 2, 3].map((step) => [fate, step] as const)))(
    'does not happen later: a rotation in Redis Cluster whose step is late: %s, %i',
    async (fate, step) => {
      await using p = await pair(lineToCluster, step)
      const user = browser(p.b.app)
      for (const url of ['/old', '/login']) await user.get(url)
      // Every server's clock is known, so that no step is spent on asking for it.
      for (let i = 0; i < 30; i++) await browser(p.a.app).get('/warm')
      await user.get('/get', p.a.app)
      const refused = user.get('/rotate', p.a.app)
      await until('the change has been sent', async () => p.line.isHolding)
      if (fate === 'the connection breaks') p.line.cut()
      expect((await refused).statusCode).toBe(503)
      expect((await user.get('/get')).json()).toEqual({ value: ['old', 'bob'] })
      await p.line.release()
      expect((await user.get('/get')).json()).toEqual({ value: ['old', 'bob'] })
      const theirs = async () =>
        (await p.b.sessions.list({ limit: 1000 })).sessions.filter((each) => each.user === 'eve')
      await until('the copy is forgotten', async () => (await theirs()).length === 0)
    },
  )

  it.each(Object.keys(LINES) as (keyof typeof LINES)[])('leaves no session that nobody has: %s', async (where) => {
    await using p = await pair(LINES[where])
    await browser(p.b.app).get('/old')
    await browser(p.a.app).get('/get')
    const before = (await browser(p.b.app).get('/count')).json()
    p.line.hold()
    const refused = [browser(p.a.app).get('/set'), browser(p.a.app).get('/login')]
    for (const response of await Promise.all(refused)) expect(response.statusCode).toBe(503)
    await p.line.release()
    expect((await browser(p.b.app).get('/count')).json()).toEqual(before)
    expect(await p.b.sessions.ofUser('bob')).toEqual([])
  })
})
