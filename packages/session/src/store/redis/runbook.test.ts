import { readFileSync } from 'node:fs'
import type { Redis } from 'ioredis'
import { afterAll, describe, expect, it } from 'vitest'
import { node } from '../../../test/app.ts'
import { type Browser, browser } from '../../../test/browser.ts'
import { type RedisRig, redisRig } from '../../../test/redis-rig.ts'
import { until } from '../../../test/until.ts'
import { redisOptions } from './options.ts'
import { redisStore } from './redis.ts'

/** What a user is answered: the value that was saved, no session, or the code of a refusal. */
type Seen = 'served' | 'no session' | 'a new session' | `SESSION_${string}`

/** A row of the runbook that a server can be put into here: what readers and writers see in it, and after it. */
interface Row {
  readonly bad: (rig: RedisRig, admin: Redis) => unknown
  readonly good?: (rig: RedisRig, admin: Redis) => unknown
  readonly readers: Seen
  readonly writers: Seen
  /** What a reader sees in the end. */
  readonly after: Seen
}

const call =
  (...words: [string, ...string[]]) =>
  (_rig: RedisRig, admin: Redis) =>
    admin.call(...words)

const ROWS: Readonly<Record<string, Row>> = {
  'Redis restarts empty': {
    bad: (rig) => rig.restart(),
    readers: 'no session',
    writers: 'a new session',
    after: 'no session',
  },
  'Redis hangs': {
    bad: (rig) => rig.freeze(),
    good: (rig) => rig.thaw(),
    readers: 'SESSION_STORE_TIMEOUT',
    writers: 'SESSION_STORE_TIMEOUT',
    after: 'served',
  },
  'a replica without a primary': {
    bad: async (_rig, admin) => {
      await admin.config('SET', 'replica-serve-stale-data', 'no')
      await admin.replicaof('127.0.0.1', 1)
    },
    good: (_rig, admin) => admin.replicaof('NO', 'ONE'),
    readers: 'SESSION_STORE_REFUSED',
    writers: 'SESSION_STORE_REFUSED',
    after: 'served',
  },
  'a script that runs for ever': {
    bad: async (rig, admin) => {
      await admin.config('SET', 'lua-time-limit', '20')
      rig
        .client()
        .eval('while true do end', 0)
        .catch(() => {})
      const isBusy = () =>
        admin.ping().then(
          () => false,
          (error: Error) => error.message.startsWith('BUSY'),
        )
      await until('Redis is busy', isBusy)
    },
    good: call('SCRIPT', 'KILL'),
    readers: 'SESSION_STORE_REFUSED',
    writers: 'SESSION_STORE_REFUSED',
    after: 'served',
  },
  'scripts forgotten': { bad: call('SCRIPT', 'FLUSH'), readers: 'served', writers: 'served', after: 'served' },
  'everything deleted': { bad: call('FLUSHALL'), readers: 'no session', writers: 'a new session', after: 'no session' },
}

/** Rows that other tests have: a row without a test is none. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  'one connection breaks': 'connection.test.ts: a connection to Redis that breaks',
  'Redis restarts with its data': 'bench/test/faults.test.ts: Redis is killed, and starts again',
  'an answer is lost on an open connection': 'connection.test.ts: is replaced when calls only ever time out',
  'primary dies behind Sentinel': 'redis.test.ts: follows a failover that Sentinel makes',
  'one primary of a Cluster dies': 'apps/lab: X2',
  'slots move': 'apps/lab: X2',
  'failover behind one address': 'clients.test.ts: an address behind which another server becomes the primary',
  'memory is full': 'refused.test.ts: is full (OOM)',
  'too few replicas': 'refused.test.ts: a Redis that takes no writes',
  'a key of another type': 'refused.test.ts: one session’s broken key',
}

const stack = new AsyncDisposableStack()
afterAll(() => stack.disposeAsync())

/** A node on a Redis of its own, and users who have sessions. */
async function scene() {
  const rig = stack.use(await redisRig())
  const store = redisStore({ client: rig.client(redisOptions) })
  const n = stack.use(await node({ store, breaker: { failures: 0 }, storeTimeoutMs: 1_000 }))
  n.on('/get', (session) => session.get('q'))
  n.on('/set', (session) => session.set('q', 'saved'))
  const user = browser(n.app)
  await until('the user has a session', async () => (await user.get('/set')).statusCode === 200)
  return { rig, admin: rig.client(), user }
}

async function seen(user: Browser, url: string): Promise<Seen> {
  const before = user.cookies.get('SESSION')
  const { statusCode, headers, ...response } = await user.get(url)
  const { value, code } = response.json()
  if (statusCode === 503) expect(Number(headers['retry-after'])).toBeGreaterThan(0)
  if (statusCode !== 200) return code
  if (url === '/get') return value === 'saved' ? 'served' : 'no session'
  return user.cookies.get('SESSION') === before ? 'served' : 'a new session'
}

describe.concurrent('the runbook in docs/redis.md', () => {
  it.for(Object.entries(ROWS))('%s: users see what it says', async ([, { bad, good, ...said }], { expect }) => {
    const { rig, admin, user } = await scene()
    await bad(rig, admin)
    // A connection that broke is made again meanwhile: that is another row.
    await expect.poll(() => seen(user.copy(), '/get'), { timeout: 10_000 }).toBe(said.readers)
    expect(await seen(user.copy(), '/set')).toBe(said.writers)
    await good?.(rig, admin)
    await expect.poll(() => seen(user.copy(), '/get'), { timeout: 10_000 }).toBe(said.after)
  })

  it('has a test for every row, and no row that is not there', ({ expect }) => {
    const document = readFileSync(new URL('../../../docs/redis.md', import.meta.url), 'utf8')
    const [, table = ''] = /\| fault \| readers see .*\n.*\n([\s\S]*?)\n\n/.exec(document) ?? []
    const rows = table.split('\n').map((row) => row.split('|')[1] ?? '')
    const tested = [...Object.keys(ROWS), ...Object.keys(ELSEWHERE)]
    expect(rows.filter((row) => !tested.some((name) => row.includes(name)))).toEqual([])
    expect(tested.filter((name) => !rows.some((row) => row.includes(name)))).toEqual([])
    expect(rows.length).toBeGreaterThan(10)
  })
})
