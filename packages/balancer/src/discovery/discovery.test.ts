import fc from 'fast-check'
import { expect, test } from 'vitest'
import { FakeClock } from '../../test/support/pool.ts'
import { type Balancer, controlOf, createBalancer } from '../index.ts'
import type { UpstreamOptions } from '../pool/upstream.ts'
import { Discovery, type DiscoveryOptions, type DiscoveryStatus } from './discovery.ts'
import type { DiscoverySource } from './source.ts'

/** A source that says what the test tells it. */
class ToldSource implements DiscoverySource {
  readonly name = 'told'
  answer: readonly UpstreamOptions[] | Error = []
  ttlMs = 0
  looks = 0

  async find() {
    this.looks++
    if (this.answer instanceof Error) throw this.answer
    return { upstreams: this.answer, ttlMs: this.ttlMs }
  }
}

const up = (name: string, port = 1, weight?: number): UpstreamOptions => ({
  ...{ name, url: `http://127.0.0.1:${port}`, weight },
})

interface Started extends AsyncDisposable {
  readonly balancer: Balancer
  readonly source: ToldSource
  readonly discovery: Discovery
  readonly changes: DiscoveryStatus[]
  /** Lets time pass, and all that it starts happen. */
  pass(ms: number): Promise<void>
  /** Names and states. */
  states(): string[]
}

async function started(
  first: ToldSource['answer'],
  { upstreams = [], ...options }: Partial<DiscoveryOptions> & { upstreams?: UpstreamOptions[] } = {},
): Promise<Started> {
  const clock = new FakeClock()
  const balancer = createBalancer({ upstreams, health: false, clock })
  const source = new ToldSource()
  source.answer = first
  const changes: DiscoveryStatus[] = []
  const onChange = (status: DiscoveryStatus) => changes.push(status)
  const discovery = new Discovery({ source, control: controlOf(balancer), clock, onChange, ...options })
  await discovery.start()
  return {
    ...{ balancer, source, discovery, changes },
    async pass(ms) {
      clock.advance(ms)
      // The calls of one look are promises that are settled already.
      for (let i = 0; i < 50; i++) await Promise.resolve()
    },
    states: () => balancer.pool.all.map(({ name, state }) => `${name} ${state}`),
    async [Symbol.asyncDispose]() {
      discovery.close()
      for (const { name } of balancer.pool.all) await balancer.remove(name, { force: true })
    },
  }
}

test('what is found is added, what is new later too', async () => {
  await using it = await started([up('a'), up('b')])
  expect(it.states()).toEqual(['a up', 'b up'])
  it.source.answer = [up('b'), up('c'), up('a')]
  await it.pass(1000)
  expect(it.states()).toEqual(['a up', 'b up', 'c up'])
})

test('what has left the answers drains, then is removed', async () => {
  await using it = await started([up('a'), up('b')], { drainMs: 5000 })
  it.source.answer = [up('a')]
  await it.pass(1000)
  expect(it.states()).toEqual(['a up', 'b draining'])
  await it.pass(4999)
  expect(it.states()).toEqual(['a up', 'b draining'])
  await it.pass(1)
  expect(it.states()).toEqual(['a up'])
})

test('what comes back while it drains is as before, and stays', async () => {
  await using it = await started([up('a'), up('b')], { drainMs: 5000 })
  it.source.answer = [up('a')]
  await it.pass(1000)
  it.source.answer = [up('a'), up('b')]
  await it.pass(1000)
  expect(it.states()).toEqual(['a up', 'b up'])
  await it.pass(20_000)
  expect(it.states()).toEqual(['a up', 'b up'])
})

test.each([
  ['a failure', new Error('SERVFAIL')],
  ['an empty answer', []],
  ['an answer with a name twice', [up('a'), up('a', 2)]],
])('%s changes nothing, is told once, and so is its end', async (_, answer) => {
  await using it = await started([up('a'), up('b')])
  it.source.answer = answer
  for (let i = 0; i < 5; i++) await it.pass(1000)
  expect(it.source.looks).toBe(6)
  expect(it.states()).toEqual(['a up', 'b up'])
  expect(it.changes).toHaveLength(1)
  expect(it.discovery.status).toMatchObject({ lookups: 6, failures: 5, found: 2 })
  it.source.answer = [up('a'), up('b')]
  await it.pass(1000)
  expect(it.changes.map(({ problem }) => problem !== undefined)).toEqual([true, false])
})

test('a first look that fails does not stop the start; upstreams come with the first answer', async () => {
  await using it = await started(new Error('ENOTFOUND'))
  expect(it.states()).toEqual([])
  it.source.answer = [up('a')]
  await it.pass(1000)
  expect(it.states()).toEqual(['a up'])
})

test.each([
  [0, 1000],
  [4000, 4000],
  [600_000, 10_000],
])('an answer with a TTL of %i ms is good for %i ms', async (ttlMs, wait) => {
  await using it = await started([up('a')])
  it.source.ttlMs = ttlMs
  await it.pass(1000)
  const { looks } = it.source
  await it.pass(wait - 1)
  expect(it.source.looks).toBe(looks)
  await it.pass(1)
  expect(it.source.looks).toBe(looks + 1)
})

test('another address under the same name is another upstream', async () => {
  await using it = await started([up('a', 1), up('b', 2)])
  const before = it.balancer.pool.get('a')
  it.source.answer = [up('a', 3), up('b', 2)]
  await it.pass(1000)
  expect(it.balancer.pool.get('a')?.url.port).toBe('3')
  expect(it.balancer.pool.get('a')).not.toBe(before)
})

test('another weight is taken over where it is', async () => {
  await using it = await started([up('a', 1, 1)])
  const before = it.balancer.pool.get('a')
  it.source.answer = [up('a', 1, 7)]
  await it.pass(1000)
  expect(before?.weight).toBe(7)
  expect(it.balancer.pool.get('a')).toBe(before)
})

test('upstreams that came another way are left alone, and their names are theirs', async () => {
  await using it = await started([up('a', 9), up('b')], { upstreams: [up('a', 1)] })
  expect(it.discovery.status.problem).toMatch(/"a" exists already/)
  expect(it.balancer.pool.get('a')?.url.port).toBe('1')
  it.source.answer = [up('b')]
  await it.pass(1000)
  expect(it.states()).toEqual(['a up', 'b up'])
  expect(it.discovery.status.problem).toBeUndefined()
})

test('what an operator set is his: maintenance is neither eased nor lifted, a removal lasts', async () => {
  await using it = await started([up('a'), up('b'), up('c')], { drainMs: 5000 })
  it.balancer.update('b', { mode: 'maintenance' })
  await it.balancer.remove('c')
  it.source.answer = [up('a')]
  await it.pass(1000)
  expect(it.states()).toEqual(['a up', 'b maintenance'])
  it.source.answer = [up('a'), up('b')]
  await it.pass(1000)
  expect(it.states()).toEqual(['a up', 'b maintenance'])
  it.source.answer = [up('a'), up('b'), up('c')]
  await it.pass(1000)
  expect(it.states()).toEqual(['a up', 'b maintenance', 'c up'])
})

test('a removal by an operator lasts as long as the answers name the upstream', async () => {
  await using it = await started([up('a'), up('b')])
  await it.balancer.remove('b')
  await it.pass(5000)
  expect(it.states()).toEqual(['a up'])
})

test('after any history of answers and failures, the pool is as the last good answer has it', async () => {
  const answer = fc.uniqueArray(fc.tuple(fc.constantFrom('a', 'b', 'c', 'd'), fc.integer({ min: 1, max: 2 })), {
    selector: ([name]) => name,
    maxLength: 4,
  })
  const step = fc.record({ answer: fc.option(answer), ms: fc.integer({ min: 1, max: 8000 }) })
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 12 }), answer, async (steps, last) => {
      fc.pre(last.length > 0)
      await using it = await started([up('a')], { drainMs: 2000 })
      for (const { answer, ms } of steps) {
        it.source.answer = answer?.map(([name, port]) => up(name, port)) ?? new Error('SERVFAIL')
        await it.pass(ms)
      }
      it.source.answer = last.map(([name, port]) => up(name, port))
      for (let i = 0; i < 8; i++) await it.pass(1000)
      const pool = it.balancer.pool.all.map(({ name, url, state }) => `${name} ${url.port} ${state}`)
      expect(pool.toSorted()).toEqual(last.map(([name, port]) => `${name} ${port === 80 ? '' : port} up`).toSorted())
    }),
    { numRuns: process.env.TEST_BUDGET === 'full' ? 1000 : 40 },
  )
})
