import fc from 'fast-check'
import { afterAll, expect, it } from 'vitest'
import { fakeClock, node } from '../test/app.ts'
import { type Browser, browser } from '../test/browser.ts'
import { redisRig } from '../test/redis-rig.ts'
import { redisStore } from './store/redis/redis.ts'

/**
 * Random operations of several clients, over three nodes on one Redis, checked against a model: what a client was told
 * is saved must be read by its next request on any node; nothing that ended may come back; no update may be lost.
 */
const rig = await redisRig()
afterAll(() => rig[Symbol.asyncDispose]())

const NAMES = ['a', 'b', 'save'] as const
const IDLE_MS = 60_000

const operation = fc.record({
  client: fc.integer({ min: 0, max: 2 }),
  node: fc.integer({ min: 0, max: 2 }),
  what: fc.oneof(
    fc.record({ op: fc.constant('set' as const), name: fc.constantFrom(...NAMES), value: fc.integer() }),
    fc.record({ op: fc.constant('delete' as const), name: fc.constantFrom(...NAMES) }),
    fc.record({
      op: fc.constantFrom(
        'clear' as const,
        'regenerate' as const,
        'hand' as const,
        'rotate' as const,
        'logout' as const,
        'fail' as const,
        'replay' as const,
        'end' as const,
      ),
    }),
    fc.record({ op: fc.constant('pass' as const), ms: fc.integer({ min: 1000, max: 90_000 }) }),
    fc.record({ op: fc.constant('add' as const), times: fc.integer({ min: 1, max: 6 }) }),
  ),
})

async function world(namespace: string) {
  const clock = fakeClock()
  const store = redisStore({ client: rig.client(), namespace })
  const options = { store, now: clock.now, storeTimeoutMs: 30_000, idleTimeoutMs: IDLE_MS, touchEveryMs: 0 }
  const nodes = await Promise.all([0, 1, 2].map(() => node(options)))
  for (const n of nodes) {
    n.app.get<{ Querystring: { name: string; value: string } }>('/set', async (request) =>
      n.sessions.of(request).set(request.query.name, Number(request.query.value)),
    )
    n.app.get<{ Querystring: { name: string } }>('/delete', async (request) =>
      n.sessions.of(request).delete(request.query.name),
    )
    n.on('/add', (session) => session.update('n', (x) => ((x as number) ?? 0) + 1))
    n.on('/rotate', (session) => session.rotate({ user: 'bob' }))
    n.on('/hand', (session) => session.rotate({ user: 'eve' }))
    n.on('/clear', (session) => session.clear())
    n.on('/regenerate', async (session) => {
      await session.regenerate()
      await session.set('a', 7)
    })
    n.on('/logout', (session) => session.invalidate())
    n.on('/fail', (session) => session.set('a', 'never').then(() => Promise.reject(new Error('no'))))
    n.on('/all', async (session) => {
      const entries = (await session.keys()).map(async (name) => [name, await session.get(name)])
      return Object.fromEntries(await Promise.all(entries))
    })
  }
  return { clock, nodes }
}

/** What one client should see. */
interface Expected {
  data: Map<string, number> | undefined
  usedAt: number
  user: 'bob' | 'eve' | undefined
}

class Client {
  readonly browser: Browser
  /** Ids that are dead: whoever replays them must be anonymous. */
  readonly dead: Browser[] = []
  readonly expected: Expected = { data: undefined, usedAt: 0, user: undefined }

  constructor(of: Browser) {
    this.browser = of
  }

  /** Makes the model end the session if it was idle for too long. */
  expire(now: number): void {
    if (now - this.expected.usedAt >= IDLE_MS) this.end()
    this.expected.usedAt = now
  }

  end(): void {
    if (this.expected.data) this.dead.push(this.browser.copy())
    this.expected.data = undefined
    this.expected.user = undefined
  }

  /** All sessions of the user were ended, whoever had one. */
  endIfUsers(now: number): void {
    if (this.expected.user === 'bob' && now - this.expected.usedAt < IDLE_MS) this.end()
  }

  write(): Map<string, number> {
    this.expected.data ??= new Map()
    return this.expected.data
  }
}

it('random operations over three nodes agree with the model', async () => {
  let run = 0
  await fc.assert(
    fc.asyncProperty(fc.array(operation, { minLength: 5, maxLength: 40 }), async (operations) => {
      const { clock, nodes } = await world(`model-${++run}`)
      const app = (i: number) => (nodes[i] as (typeof nodes)[number]).app
      const clients = [0, 1, 2].map(() => new Client(browser(app(0))))
      for (const { client: c, node: at, what } of operations) {
        const client = clients[c] as Client
        const { expected, browser: user } = client
        if (what.op === 'pass') {
          clock.pass(what.ms)
          continue
        }
        if (what.op === 'end') {
          await (nodes[at] as (typeof nodes)[number]).sessions.endUser('bob')
          for (const other of clients) other.endIfUsers(clock.now())
          continue
        }
        client.expire(clock.now())
        if (what.op === 'set') {
          await user.get(`/set?name=${what.name}&value=${what.value}`, app(at))
          client.write().set(what.name, what.value)
        } else if (what.op === 'delete') {
          await user.get(`/delete?name=${what.name}`, app(at))
          expected.data?.delete(what.name)
        } else if (what.op === 'add') {
          await user.get('/add', app(at)) // the first makes the session, so that the others are about one
          await Promise.all(
            Array.from({ length: what.times - 1 }, (_, i) => user.copy().get('/add', app((at + i) % 3))),
          )
          client.write().set('n', (expected.data?.get('n') ?? 0) + what.times)
        } else if (what.op === 'clear') {
          await user.get('/clear', app(at))
          expected.data?.clear()
        } else if (what.op === 'regenerate') {
          const old = user.copy()
          await user.get('/regenerate', app(at))
          if (expected.data) client.dead.push(old)
          expected.data = new Map([['a', 7]])
          expected.user = undefined
        } else if (what.op === 'rotate' || what.op === 'hand') {
          const next = what.op === 'rotate' ? 'bob' : 'eve'
          const old = user.copy()
          await user.get(`/${what.op}`, app(at))
          if (expected.data) client.dead.push(old)
          // Another user's data is not handed on.
          if (expected.data && expected.user !== undefined && expected.user !== next) expected.data = new Map()
          client.write()
          expected.user = next
        } else if (what.op === 'logout') {
          const old = user.copy()
          await user.get('/logout', app(at))
          if (expected.data) client.dead.push(old)
          expected.data = undefined
          expected.user = undefined
        } else if (what.op === 'fail') {
          await user.get('/fail', app(at))
        } else {
          for (const dead of client.dead) {
            const { value } = (await dead.copy().get('/all', app(at))).json() as { value: unknown }
            expect(value).toEqual({})
          }
        }
        for (const i of [at, (at + 1) % 3, (at + 2) % 3]) {
          const { value } = (await user.copy().get('/all', app(i))).json() as { value: Record<string, number> }
          expect(value).toEqual(Object.fromEntries(expected.data ?? []))
        }
      }
      for (const n of nodes) await n[Symbol.asyncDispose]()
    }),
    { numRuns: process.env.TEST_BUDGET === 'full' ? 300 : 60, endOnFailure: true },
  )
})
