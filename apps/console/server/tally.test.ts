import type { DoneEvent } from '@session-cluster/balancer'
import { describe, expect, it } from 'vitest'
import { tally } from './tally.ts'

const done = (upstream: string | undefined, status = 200, ms = 1, at = 0): DoneEvent => ({
  requestId: 'x',
  at,
  method: 'GET',
  path: '/get',
  upstream,
  status,
  ms,
  attempts: 1,
  termination: 'ok',
})

describe('tally', () => {
  it('counts the balancer’s log by node and class', () => {
    const counts = tally()
    for (const status of [200, 302, 404, 500, 503]) counts.done(done('a', status))
    counts.done(done(undefined, 503))
    expect(counts.node('a')).toMatchObject({ requests: 5, ok: 2, client: 1, server: 2 })
  })

  it('takes the share over the last 60 requests', () => {
    const counts = tally()
    for (let i = 0; i < 100; i++) counts.done(done('a'))
    for (let i = 0; i < 30; i++) counts.done(done(i % 2 ? 'b' : 'c'))
    expect(counts.share()).toEqual({ a: 30, b: 15, c: 15 })
  })

  it('keeps errors out of a node’s hits, and logins out of both', () => {
    const counts = tally()
    for (const outcome of ['found', 'miss', 'lost', 'error', 'fresh', 'none'] as const) counts.outcome(outcome, 'a')
    expect(counts.node('a')).toMatchObject({ found: 1, missed: 2 })
    expect(counts.totals).toEqual({ found: 1, miss: 1, lost: 1, unreadable: 0, error: 1, fresh: 1, none: 1 })
  })

  it('takes the rate over the last five seconds by its own clock, whatever the balancer’s says', () => {
    let now = 0
    const counts = tally(() => now)
    for (now = 0; now < 10_000; now += 1000) counts.done(done('a', 200, 1, -now))
    now = 9000
    expect(counts.rate('a')).toBe(6 / 5)
    now = 60_000
    expect(counts.rate('a')).toBe(0)
  })

  it('forgets a node that was removed: the next of its name begins at nought', () => {
    const counts = tally()
    for (const name of ['a', 'd', 'd']) counts.done(done(name, 200, 1, 0))
    counts.outcome('miss', 'd')
    counts.forget('d')
    expect(counts.node('d')).toMatchObject({ requests: 0, missed: 0 })
    expect(counts.share()).toEqual({ a: 1 })
    expect(counts.totals.miss).toBe(1)
  })
})
