import { describe, expect, it } from 'vitest'
import type { RequestRecord } from '../../../wire/record.ts'
import { Fleet, streamFrom } from './fleet.ts'
import { stageLayout } from './layout.ts'
import { type Ground, leastMs, locate, mostMs, plan, progress, slower } from './way.ts'

const layout = stageLayout(
  { w: 1390, h: 634, present: false },
  [
    { id: 'local', shared: false, nodes: 3 },
    { id: 'clustered', shared: true, nodes: 3 },
    { id: 'hybrid', shared: true, nodes: 3 },
  ],
  2,
)
const groundOf = (lane: string): Ground => {
  const box = layout.lanes.find((one) => one.lane === lane)
  if (!box) throw new Error('no such lane')
  return { box, nodes: ['a', 'b', 'c'], users: ['Alice', 'Bob'] }
}
const { box } = groundOf('local')
const record = (part: Partial<RequestRecord>): RequestRecord => ({
  seq: 1,
  lane: 'local',
  user: 'Alice',
  action: 'open',
  at: 0,
  ms: 10,
  status: 200,
  node: 'a',
  direct: false,
  hops: [{ upstream: 'a', attempt: 1, reason: 'picked' }],
  outcome: 'found',
  why: [],
  ...part,
})
const top = (at: number) => ({ x: (box.nodes[at]?.x ?? 0) + (box.nodes[at]?.w ?? 0) / 2, y: box.nodes[at]?.y })
/** All the places of a trip. */
const way = (part: Partial<RequestRecord>, lane = 'local') => {
  const trip = plan(record(part), groundOf(lane), 0)
  return Array.from({ length: 401 }, (_, at) => locate(trip, at / 400))
}
const comesTo = (places: readonly { x: number; y: number }[], { x, y }: { x: number; y: number | undefined }) =>
  places.some((one) => Math.hypot(one.x - x, one.y - (y ?? 0)) < 6)

describe('a trip', () => {
  it('goes from its user to the server that answered, and back', () => {
    const places = way({})
    expect(places[0]).toEqual({ x: box.people[0], y: box.floor })
    expect(comesTo(places, top(0))).toBe(true)
    expect(comesTo(places, top(1))).toBe(false)
    expect(places.at(-1)?.x).toBeCloseTo(places[0]?.x ?? 0)
    expect(places.at(-1)?.y).toBeCloseTo(places[0]?.y ?? 0)
  })

  it('takes its real latency, slower; at least as long as an eye needs, and no longer than one looks', () => {
    const ms = (real: number) => plan(record({ ms: real }), groundOf('local'), 0).ms
    expect([ms(10), ms(0.2), ms(300)]).toEqual([10 * slower, leastMs, mostMs])
    expect(plan(record({ ms: 300 }), groundOf('local'), 0).capped).toBe(true)
    expect(plan(record({ ms: 10 }), groundOf('local'), 0).capped).toBe(false)
  })

  it('goes to the server that failed it too, and then on to the next', () => {
    const hops = [
      { upstream: 'b', attempt: 1, reason: 'pinned' },
      { upstream: 'c', attempt: 2, reason: 'retried' },
    ]
    const places = way({ node: 'c', hops })
    expect([comesTo(places, top(1)), comesTo(places, top(2))]).toEqual([true, true])
  })

  it('turns back on a cut wire before it goes where the balancer moves it', () => {
    const why = [
      { key: 'affinity.pinned', values: { node: 'b' } },
      { key: 'state.down', values: { node: 'b' } },
    ]
    const moved = way({ node: 'c', hops: [{ upstream: 'c', attempt: 1, reason: 'repicked' }], why })
    const straight = way({ node: 'c', hops: [{ upstream: 'c', attempt: 1, reason: 'picked' }] })
    // b is straight below the balancer: only who turned back there was below it on its way to c.
    const below = (places: typeof moved) =>
      places.some(({ x, y }) => Math.abs(x - box.cx) < 1 && y > (box.balancer?.y ?? 0) + (box.balancer?.h ?? 0) + 12)
    expect([below(moved), below(straight), comesTo(moved, top(1))]).toEqual([true, false, false])
  })

  it('never passes the balancer when it went straight to a server', () => {
    const places = way({ node: 'c', direct: true, hops: [] })
    const pill = box.balancer ?? { x: 0, y: 0, w: 0, h: 0 }
    const within = places.filter(({ x, y }) => x > pill.x && x < pill.x + pill.w && y > pill.y && y < pill.y + pill.h)
    expect(within).toEqual([])
    expect(comesTo(places, top(2))).toBe(true)
  })

  it.each(['clustered', 'hybrid'] as const)('goes down to Redis in %s only when the server really asked it', (lane) => {
    const shelf = groundOf(lane).box.shelf
    const session = { cookie: 'present', outcome: 'found', storeCommands: 1, storeRoundTrips: 1, storeMs: 0.4 }
    const lowest = (part: Partial<RequestRecord>) => Math.max(...way({ lane, ...part }, lane).map(({ y }) => y))
    expect(lowest({ session })).toBeGreaterThan(shelf.y)
    expect(lowest({ session: { ...session, storeRoundTrips: 0 } })).toBeLessThan(shelf.y)
  })

  it('turns at the balancer when no server answered', () => {
    const { node: _, ...rest } = record({ hops: [], outcome: 'error', status: 503 })
    const trip = plan(rest, groundOf('local'), 0)
    const lowest = Math.max(...Array.from({ length: 100 }, (_none, at) => locate(trip, at / 99).y))
    expect(lowest).toBeLessThan(top(0).y ?? 0)
  })
})

describe('the fleet', () => {
  const fleet = (landed: RequestRecord[] = []) => {
    const one = new Fleet((records) => landed.push(...records))
    one.ground = groundOf
    return { one, landed }
  }

  it('lands a request only when its trip is over: then its user shows what came of it', () => {
    const { one, landed } = fleet()
    one.send([record({})], 0, false)
    const [trip] = one.trips
    expect(one.land((trip?.ms ?? 0) * 0.5)).toBe(true)
    expect(landed).toEqual([])
    expect(trip && progress(trip, trip.start + trip.ms)).toBe(1)
    expect(one.land((trip?.start ?? 0) + (trip?.ms ?? 0))).toBe(false)
    expect(landed).toHaveLength(1)
  })

  it('lands everything at once for whoever wants nothing to move, and where nothing is drawn', () => {
    const still = fleet()
    still.one.send([record({})], 0, true)
    expect([still.landed.length, still.one.trips.length]).toEqual([1, 0])
    const nowhere = fleet()
    nowhere.one.ground = () => undefined
    nowhere.one.send([record({})], 0, false)
    expect(nowhere.landed).toHaveLength(1)
  })

  it('tells of every request, though of many only some are dots', () => {
    const { one, landed } = fleet()
    const many = Array.from({ length: 60 }, (_, seq) => record({ seq }))
    one.send(many.slice(0, streamFrom), 0, false)
    expect(one.oneOf.value).toBe(1)
    one.send(many.slice(streamFrom), 10, false)
    expect(one.oneOf.value).toBeGreaterThan(1)
    expect(one.told).toBe(60)
    one.land(Number.POSITIVE_INFINITY)
    expect(landed).toHaveLength(60)
  })
})
