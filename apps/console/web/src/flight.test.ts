import { describe, expect, it } from 'vitest'
import type { RequestRecord } from '../../wire/record.ts'
import { landed, locate, plan, restMs } from './flight.ts'
import { nodeBoxes, nodeTop, redisTop } from './geometry.ts'

const boxes = nodeBoxes(3, false)
const names = ['a', 'b', 'c']
const record = (part: Partial<RequestRecord>): RequestRecord => ({
  seq: 1,
  lane: 'local',
  user: 'Alice',
  action: 'open',
  at: 0,
  ms: 1,
  status: 200,
  node: 'a',
  direct: false,
  hops: [{ upstream: 'a', attempt: 1, reason: 'picked' }],
  outcome: 'found',
  why: [],
  ...part,
})

describe('a flight', () => {
  it('sets out at the balancer and rests at the node that answered', () => {
    const flight = plan(record({}), names, boxes, 0)
    expect(locate(flight, 0)).toMatchObject({ x: 150, y: 50, rest: undefined })
    expect(locate(flight, flight.flyMs)).toMatchObject({ x: boxes[0]?.x, y: nodeTop, rest: 1 })
    expect(locate(flight, flight.flyMs + restMs + 1)).toBeUndefined()
  })

  it('goes down to the node that failed, back, and on to the next', () => {
    const hops = [
      { upstream: 'b', attempt: 1, reason: 'pinned' },
      { upstream: 'c', attempt: 2, reason: 'retried' },
    ]
    const flight = plan(record({ node: 'c', hops }), names, boxes, 0)
    expect(flight.legs).toHaveLength(3)
    expect(locate(flight, flight.flyMs)).toMatchObject({ x: boxes[2]?.x })
  })

  it('never passes the balancer when it went straight to a node', () => {
    const flight = plan(record({ node: 'b', direct: true, hops: [] }), names, boxes, 0)
    for (let now = 0; now < flight.flyMs; now += 20) expect(locate(flight, now)?.x).toBeCloseTo(boxes[1]?.x ?? 0)
  })

  it('goes on to Redis only when the node really asked it', () => {
    const session = { cookie: 'present', outcome: 'found', storeCommands: 1, storeRoundTrips: 1, storeMs: 0.4 }
    const asked = plan(record({ lane: 'clustered', session }), names, boxes, 0)
    expect(locate(asked, asked.flyMs)).toMatchObject({ x: 150, y: redisTop })
    const untouched = plan(record({ lane: 'clustered', session: { ...session, storeRoundTrips: 0 } }), names, boxes, 0)
    expect(locate(untouched, untouched.flyMs)).toMatchObject({ y: nodeTop })
  })

  it('is at its end from the start for whoever wants nothing to move, even when the clock lags behind', () => {
    const flight = landed(plan(record({}), names, boxes, 100))
    for (const now of [90, 100, 200]) expect(locate(flight, now)).toMatchObject({ x: boxes[0]?.x, y: nodeTop })
    expect(locate(flight, 90)?.rest).toBe(1)
  })

  it('stays at the balancer when no node answered', () => {
    const { node: _, ...rest } = record({ hops: [], outcome: 'error', status: 503 })
    const flight = plan(rest, names, boxes, 0)
    expect(locate(flight, flight.flyMs)).toMatchObject({ x: 150, y: 60 })
  })
})
