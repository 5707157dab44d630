import { setTimeout as pause } from 'node:timers/promises'
import { Cluster } from 'ioredis'
import { afterAll, describe, expect, it } from 'vitest'
import { node, type TestNode } from '../../../test/app.ts'
import { browser } from '../../../test/browser.ts'
import { clusterRig } from '../../../test/cluster-rig.ts'
import { heldLine } from '../../../test/held-line.ts'
import { redisRig } from '../../../test/redis-rig.ts'
import { refused, slotOf } from './connection.ts'
import { redisOptions } from './options.ts'
import { redisStore } from './redis.ts'

const rig = await redisRig()
const admin = rig.client()
afterAll(() => rig[Symbol.asyncDispose]())

/** How long connections are broken over and over, ms: enough to see the kind, or as long as the measured promise says. */
const BREAKING_MS = process.env.TEST_BUDGET === 'full' ? 10_000 : 2_000

/** A node with a reader's and a writer's page. */
async function reading(client: Parameters<typeof redisStore>[0]['client'], options = {}): Promise<TestNode> {
  const n = await node({ store: redisStore({ client }), storeTimeoutMs: 1_000, ...options })
  n.on('/set', (session) => session.set('q', 'x'))
  n.on('/get', (session) => session.get('q'))
  return n
}

/** Twenty visitors who read without a pause until they are told to stop; answers how many answers were wrong. */
async function twentyReaders(n: TestNode) {
  let isOver = false
  const counts = { reads: 0, failed: 0 }
  const users = Array.from({ length: 20 }, () => browser(n.app))
  for (const user of users) expect((await user.get('/set')).statusCode).toBe(200)
  const readers = users.map(async (user) => {
    while (!isOver) {
      const { body } = await user.get('/get')
      counts.reads++
      if (body !== '{"value":"x"}') counts.failed++
    }
  })
  return {
    counts,
    async stop() {
      isOver = true
      await Promise.all(readers)
      return counts
    },
  }
}

/** Breaks every connection but the one that asks for it. */
const breakAll = () => admin.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')

describe('a connection to Redis that breaks', () => {
  it('fails no read of 20 readers when it happens once', async () => {
    await using n = await reading(rig.client(redisOptions))
    const readers = await twentyReaders(n)
    await expect.poll(() => readers.counts.reads).toBeGreaterThan(100)
    await breakAll()
    const then = readers.counts.reads
    await expect.poll(() => readers.counts.reads, { timeout: 10_000 }).toBeGreaterThan(then + 100)
    expect((await readers.stop()).failed).toBe(0)
  })

  it('fails at most one read in a hundred when it happens every 400 ms', async () => {
    await using n = await reading(rig.client(redisOptions))
    const readers = await twentyReaders(n)
    for (const end = performance.now() + BREAKING_MS; performance.now() < end; await pause(400)) await breakAll()
    const { reads, failed } = await readers.stop()
    expect(reads).toBeGreaterThan(200)
    expect(failed).toBeLessThanOrEqual(reads / 100)
  })

  it('closes the circuit as soon as the client is ready again, however long the cool-down', async () => {
    await using own = await redisRig()
    const client = own.client(redisOptions)
    await using n = await reading(client, { breaker: { failures: 2, coolDownMs: 600_000 } })
    const events: unknown[] = []
    n.sessions.on('circuit', ({ open, refused: count }) => events.push([open, count]))
    await browser(n.app).get('/set')
    await own.crash()
    await expect.poll(async () => (await browser(n.app).get('/set')).json().code).toBe('SESSION_STORE_OPEN')
    await own.restart()
    await expect.poll(() => client.status, { timeout: 10_000 }).toBe('ready')
    expect(n.sessions.isCircuitOpen).toBe(false)
    expect((await browser(n.app).get('/set')).statusCode).toBe(200)
    expect(events).toEqual([
      [true, 0],
      [false, expect.any(Number)],
    ])
  })

  it('is replaced when calls only ever time out, though the connection seems well', async () => {
    await using line = await heldLine(rig.port)
    const client = rig.client(redisOptions, line.port)
    await using n = await reading(client, { storeTimeoutMs: 100, breaker: { failures: 3, coolDownMs: 50 } })
    const user = browser(n.app)
    await expect.poll(async () => (await user.get('/set')).statusCode).toBe(200)
    const first = client.stream
    line.isMute = true // an answer that is lost amid the connection puts every later one out of step
    for (let i = 0; i < 3; i++) await user.get('/get')
    line.isMute = false
    await expect.poll(async () => (await user.get('/get')).body, { timeout: 10_000 }).toBe('{"value":"x"}')
    expect(client.stream).not.toBe(first)
  })
})

describe('a cluster of which one primary hangs', () => {
  it('serves the sessions of the others, and refuses at once what is its own', { timeout: 60_000 }, async () => {
    await using rigs = await clusterRig()
    const client = new Cluster(
      rigs.nodes.map(({ port }) => ({ host: '127.0.0.1', port })),
      { redisOptions, enableOfflineQueue: false },
    )
    client.on('error', () => {})
    await expect.poll(() => client.status).toBe('ready')
    await using n = await reading(client, { storeTimeoutMs: 1_000, breaker: { failures: 2, coolDownMs: 60_000 } })
    n.on('/where', async (session) => slotOf((await session.info())?.storageKey ?? ''))
    const users = await Promise.all(
      Array.from({ length: 30 }, async () => {
        const user = browser(n.app)
        await user.get('/set')
        return { user, slot: (await user.get('/where')).json().value as number }
      }),
    )
    rigs.nodes[0]?.freeze()
    const isHanging = ({ slot }: { slot: number }) => slot <= 5460
    for (const { user } of users.filter(isHanging).slice(0, 2)) await user.get('/get')
    for (const each of users) {
      const { statusCode, json } = await each.user.get('/get')
      expect([each.slot, statusCode]).toEqual([each.slot, isHanging(each) ? 503 : 200])
      if (isHanging(each)) expect(json().code).toBe('SESSION_STORE_OPEN')
    }
    rigs.nodes[0]?.thaw()
    client.disconnect()
  })
})

describe('what Redis says', () => {
  it.each([
    ["READONLY You can't write against a read only replica. script: 0f…, on @user_script:21.", 'READONLY', false],
    [
      "ERR Error running script (call to f_0f…): @user_script:21: @user_script: 21: -READONLY You can't write",
      'READONLY',
      false,
    ],
    ["OOM command not allowed when used memory > 'maxmemory'.", 'OOM', false],
    ['NOREPLICAS Not enough good replicas to write.', 'NOREPLICAS', false],
    ['MISCONF Redis is configured to save RDB snapshots', 'MISCONF', false],
    ["NOPERM this user has no permissions to run the 'evalsha' command", 'NOPERM', false],
    ['ERR ACL failure in script: User x has no permissions', 'NOPERM', false],
    ["ERR Error running script: The user executing the script can't run this command or subcommand", 'NOPERM', false],
    ['WRONGTYPE Operation against a key holding the wrong kind of value', 'WRONGTYPE', false],
    ['LOADING Redis is loading the dataset in memory', 'LOADING', true],
    ["MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.", 'MASTERDOWN', true],
    ['CLUSTERDOWN The cluster is down', 'CLUSTERDOWN', true],
    ['BUSY Redis is busy running a script.', 'BUSY', true],
  ])('%s: is understood', (message, reason, isOutage) => {
    expect(refused(new Error(message))).toMatchObject({ reason, isOutage })
  })

  it('is understood as a failover whichever the version, once a second', () => {
    const texts = ["READONLY You can't", "ERR Error running script: @user_script: 21: -READONLY You can't"]
    for (const text of texts) {
      const options = { ...redisOptions }
      expect(options.reconnectOnError(new Error(text))).toBe(true)
      expect(options.reconnectOnError(new Error(text))).toBe(false)
    }
    expect({ ...redisOptions }.reconnectOnError(new Error('OOM'))).toBe(false)
  })
})

describe('a client whose options do not suit sessions', () => {
  it.each([
    [() => rig.client({ stringNumbers: true }), "client's option stringNumbers is true"],
    [() => new Cluster([], { lazyConnect: true, scaleReads: 'slave' }), "client's option scaleReads is 'slave'"],
    [
      () => new Cluster([], { lazyConnect: true, redisOptions: { stringNumbers: true } }),
      'option stringNumbers is true',
    ],
  ])('is refused %#', (client, message) => {
    expect(() => redisStore({ client: client() })).toThrow(message)
  })
})

describe('the slot of a key', () => {
  it('is the cluster’s own', async () => {
    await using one = await redisRig(['--cluster-enabled', 'yes'])
    for (const key of ['a', 'spring:session:sessions:x', '{app}:x', 'a{}b', 'ü{€}', '']) {
      expect([key, slotOf(key)]).toEqual([key, await one.client().cluster('KEYSLOT', key)])
    }
  })
})
