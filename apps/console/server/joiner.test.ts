import type { DecisionEvent, DoneEvent } from '@session-cluster/balancer'
import type { NodeEvent } from '@session-cluster/contract'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type Joined, joiner } from './joiner.ts'

const decision = (requestId: string): DecisionEvent => ({
  requestId,
  upstream: 'a',
  attempt: 1,
  reason: 'picked',
  at: 0,
  method: 'GET',
  path: '/get',
  steps: [],
})
const done = (requestId: string): DoneEvent => ({
  requestId,
  at: 0,
  method: 'GET',
  path: '/get',
  upstream: 'a',
  status: 200,
  ms: 1,
  attempts: 1,
  termination: 'ok',
})
const node = (requestId: string): NodeEvent => ({
  requestId,
  at: 0,
  node: 'a',
  method: 'GET',
  path: '/get',
  status: 200,
  ms: 1,
  session: null,
})

beforeEach(() => void vi.useFakeTimers({ now: 0 }))
afterEach(() => void vi.useRealTimers())

const make = (limit = 100) => {
  const strangers: Joined[] = []
  return { strangers, join: joiner({ now: Date.now, onStranger: (joined) => strangers.push(joined), limit }) }
}

describe('joiner', () => {
  it('joins what came before the claim and what comes after it', async () => {
    const { join } = make()
    join.decision(decision('1'))
    join.node(node('1'))
    const claimed = join.claim('1')
    join.done(done('1'))
    expect(await claimed).toEqual({ decisions: [decision('1')], done: done('1'), node: node('1') })
    expect(join.size).toBe(0)
  })

  it('settles for what there is once the grace is over', async () => {
    const { join } = make()
    join.decision(decision('1'))
    join.done(done('1'))
    const claimed = join.claim('1')
    await vi.advanceTimersByTimeAsync(300)
    expect(await claimed).toEqual({ decisions: [decision('1')], done: done('1') })
  })

  it('hands over a finished request that nobody claimed, once', async () => {
    const { join, strangers } = make()
    join.done(done('1'))
    join.sweep()
    expect(strangers).toEqual([])
    await vi.advanceTimersByTimeAsync(1200)
    join.sweep()
    join.sweep()
    expect(strangers).toHaveLength(1)
  })

  it('waits for a stranger that is still under way, and forgets a node’s word without a request', async () => {
    const { join, strangers } = make()
    join.decision(decision('slow'))
    join.node(node('odd'))
    await vi.advanceTimersByTimeAsync(1200)
    join.sweep()
    expect(join.size).toBe(1)
    join.done(done('slow'))
    await vi.advanceTimersByTimeAsync(1200)
    join.sweep()
    expect(strangers).toHaveLength(1)
  })

  it('gives a request that took long the same grace after its end as any other', async () => {
    const { join, strangers } = make()
    join.decision(decision('slow'))
    join.decision(decision('quick'))
    await vi.advanceTimersByTimeAsync(5000)
    join.done(done('slow'))
    join.sweep()
    join.node(node('slow'))
    expect(await join.claim('slow')).toEqual({ decisions: [decision('slow')], done: done('slow'), node: node('slow') })
    expect(strangers).toEqual([])
  })

  it('keeps a request that is expected for whoever asked for it, however late the claim', async () => {
    const { join, strangers } = make()
    join.decision(decision('1'))
    join.done(done('1'))
    join.node(node('1'))
    join.expect('1')
    await vi.advanceTimersByTimeAsync(5000)
    join.sweep()
    expect(strangers).toEqual([])
    expect(await join.claim('1')).toEqual({ decisions: [decision('1')], done: done('1'), node: node('1') })
  })

  it('never keeps more than its limit', () => {
    const { join } = make(10)
    for (let id = 0; id < 1000; id++) join.decision(decision(String(id)))
    expect(join.size).toBe(10)
  })
})
