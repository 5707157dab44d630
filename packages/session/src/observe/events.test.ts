import { describe, expect, it } from 'vitest'
import { fakeClock, node } from '../../test/app.ts'
import { browser } from '../../test/browser.ts'
import { flakyStore } from '../../test/flaky-store.ts'
import { hashId } from '../carrier/id.ts'
import type { SessionsOptions } from '../options.ts'
import { memoryStore } from '../store/memory.ts'
import { EVENT_NAMES, type SessionEvents } from './events.ts'
import { sessionMetrics } from './metrics.ts'

async function listening(options: Partial<SessionsOptions> = {}) {
  const clock = fakeClock()
  const store = flakyStore()
  const n = await node({ store, now: clock.now, eventSalt: 'salt', ...options })
  n.on('/set', (session) => session.set('q', 1))
  n.on('/get', (session) => session.get('q'))
  n.on('/login', (session) => session.rotate({ user: 'bob' }))
  n.on('/logout', (session) => session.invalidate())
  const log: { name: string; event: Record<string, unknown> }[] = []
  for (const name of EVENT_NAMES) {
    if (name !== 'store') n.sessions.on(name, (event) => log.push({ name, event: { ...event } }))
  }
  return { ...n, clock, store, log, user: browser(n.app) }
}

describe('events', () => {
  it('tell a session’s life, joined by the salted hash of its id', async () => {
    await using n = await listening()
    for (const url of ['/set', '/get', '/login', '/logout']) await n.user.get(url)
    expect(n.log.map(({ name }) => name)).toEqual(['created', 'loaded', 'loaded', 'rotated', 'ended'])
    const [created, loaded, , rotated, ended] = n.log.map(({ event }) => event)
    expect(loaded?.session).toBe(created?.session)
    expect(rotated).toMatchObject({ previous: created?.session, user: 'bob', at: n.clock.now() })
    expect(rotated?.session).not.toBe(created?.session)
    expect(ended).toMatchObject({ session: rotated?.session, reason: 'invalidated' })
  })

  it('bear a hash that differs from salt to salt, and is not the hash of the id alone', async () => {
    const store = memoryStore()
    await using a = await listening({ store, eventSalt: 'one' })
    await using b = await listening({ store, eventSalt: 'two' })
    await a.user.get('/set')
    for (const n of [a, b]) await a.user.get('/get', n.app)
    const [one, two] = [a, b].map((n) => n.log.find(({ name }) => name === 'loaded')?.event.session)
    expect(one).not.toBe(two)
    for (const hash of [one, two]) expect(hashId(a.user.cookies.get('SESSION') ?? '')).not.toContain(hash)
  })

  it('say why a cookie led to no session', async () => {
    await using n = await listening({ idleTimeoutMs: 60_000 })
    await n.user.get('/set')
    n.clock.pass(120_000)
    await n.user.copy().get('/get')
    await n.user.copy().get('/get')
    await browser(n.app, new Map([['SESSION', 'junk']])).get('/get')
    const rejected = n.log.filter(({ name }) => name === 'rejected').map(({ event }) => event.reason)
    expect(rejected).toEqual(['expired', 'unknown', 'malformed'])
    expect(n.log.filter(({ name }) => name === 'expired')).toHaveLength(1)
  })

  it('tell of the store’s failures and of the circuit', async () => {
    await using n = await listening({ breaker: { failures: 1, coolDownMs: 0 } })
    await n.user.get('/set')
    n.store.mood = 'failing'
    await n.user.get('/get')
    n.store.mood = 'well'
    await n.user.get('/get')
    const told = n.log.map(({ name, event }) => [name, event.failure ?? event.open])
    expect(told.slice(1)).toEqual([
      ['circuit', true],
      ['storeError', 'failed'],
      ['circuit', false],
      ['loaded', undefined],
    ])
  })

  it('do not break the request when a listener throws, and stop when asked to', async () => {
    await using n = await listening()
    const warned = new Promise<Error>((resolve) => process.once('warning', resolve))
    const stop = n.sessions.on('created', () => {
      throw new Error('a listener’s own fault')
    })
    expect((await n.user.get('/set')).statusCode).toBe(200)
    expect((await warned).message).toBe('a listener’s own fault')
    stop()
    expect((await browser(n.app).get('/set')).statusCode).toBe(200)
  })

  it('refuse an unknown name', async () => {
    await using n = await listening()
    expect(() => n.sessions.on('create' as keyof SessionEvents, () => {})).toThrow('must be one of created, loaded')
  })
})

describe('sessionMetrics', () => {
  it('counts events and times the store, in Prometheus’ text format', async () => {
    await using n = await listening()
    const metrics = sessionMetrics(n.sessions, { labels: { app: 'a "quoted" one' }, buckets: [0.5, 60] })
    for (const url of ['/set', '/get', '/get', '/logout']) await n.user.get(url)
    await browser(n.app, new Map([['SESSION', 'junk']])).get('/get')
    const lines = metrics.text().split('\n')
    const labels = 'app="a \\"quoted\\" one"'
    expect(lines).toContain(`session_events_total{${labels},event="loaded"} 2`)
    expect(lines).toContain(`session_events_total{${labels},event="rejected",reason="malformed"} 1`)
    expect(lines).toContain(`session_store_seconds_bucket{${labels},operation="load",ok="true",le="60"} 2`)
    expect(lines).toContain(`session_store_seconds_bucket{${labels},operation="load",ok="true",le="+Inf"} 2`)
    expect(lines).toContain(`session_store_seconds_count{${labels},operation="commit",ok="true"} 1`)
    expect(lines).toContain(`session_store_circuit_open{${labels}} 0`)
    for (const line of lines) expect(line).toMatch(/^$|^# (HELP|TYPE) |^[a-z_]+(\{.*\})? [\d.e-]+$/)
    metrics.stop()
    await n.user.get('/set')
    expect(metrics.text()).toContain('event="created"} 1')
  })

  it('has a gauge without labels when there are none', async () => {
    await using n = await listening({ breaker: { failures: 1 } })
    const metrics = sessionMetrics(n.sessions, { prefix: 'shop_' })
    await n.user.get('/set')
    n.store.mood = 'failing'
    await n.user.get('/get')
    expect(metrics.text()).toContain('shop_store_circuit_open 1')
    expect(metrics.text()).toContain('shop_events_total{event="storeError",reason="failed",operation="load"} 1')
  })
})
