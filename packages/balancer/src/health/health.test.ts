import { describe, expect, test } from 'vitest'
import { fakePool } from '../../test/support/pool.ts'
import { ActiveHealth } from './active.ts'
import { PassiveHealth } from './passive.ts'

const settle = () => new Promise<void>((resolve) => setImmediate(resolve))

describe('passive health', () => {
  test('failures at once eject; failures far apart fade', () => {
    const { pool, clock } = fakePool(['a', 'b', 'c'])
    const [a] = pool.all
    if (!a) throw new Error('no a')
    const health = new PassiveHealth(pool, clock, { failures: 3, halfLifeMs: 1000, ejectMs: 5000 })
    for (let i = 0; i < 10; i++) {
      health.failed(a, 'x')
      clock.advance(3000)
    }
    expect(a.state).toBe('up')
    for (let i = 0; i < 3; i++) health.failed(a, 'x')
    expect(a.state).toBe('ejected')
  })

  test('each ejection in a row lasts twice as long, up to the maximum; a success forgets', () => {
    const { pool, clock } = fakePool(['a', 'b', 'c'])
    const [a] = pool.all
    if (!a) throw new Error('no a')
    const health = new PassiveHealth(pool, clock, { failures: 1, ejectMs: 1000, maxEjectMs: 3000 })
    for (const ms of [1000, 2000, 3000, 3000]) {
      health.failed(a, 'x')
      clock.advance(ms - 1)
      expect(a.passive).toBe('out')
      clock.advance(1)
      expect(a.passive).toBe('trial')
    }
    health.succeeded(a)
    expect(a.passive).toBe('in')
    health.failed(a, 'x')
    clock.advance(1000)
    expect(a.passive).toBe('trial')
  })

  test('a node on trial takes one request at a time', () => {
    const { pool } = fakePool(['a', 'b', 'c'])
    const [a] = pool.all
    if (!a) throw new Error('no a')
    pool.setPassive(a, 'trial', 'x')
    expect(pool.available()).toContain(a)
    pool.enter(a)
    expect(pool.available()).not.toContain(a)
    pool.leave(a)
    expect(pool.available()).toContain(a)
  })
})

describe('active health', () => {
  test('the first check decides at once, later ones by rise and fall', async () => {
    const { pool, clock } = fakePool(['a'])
    const [a] = pool.all
    if (!a) throw new Error('no a')
    let ok = false
    const probe = async () => ({ ok, detail: 'told so' })
    const health = new ActiveHealth(pool, clock, () => 0.5, { intervalMs: 100, rise: 2, fall: 3 }, probe)
    await health.watch(a)
    expect(a.state).toBe('down')
    ok = true
    const states: string[] = []
    const next = async () => {
      clock.advance(100)
      await settle()
      states.push(a.state)
    }
    for (let i = 0; i < 2; i++) await next()
    ok = false
    for (let i = 0; i < 3; i++) await next()
    expect(states).toEqual(['down', 'up', 'up', 'up', 'down'])
    health.close()
  })

  test('the interval varies by the jitter, either way', async () => {
    const { pool, clock } = fakePool(['a'])
    const [a] = pool.all
    if (!a) throw new Error('no a')
    let dice = 1
    let probes = 0
    const probe = async () => {
      probes++
      return { ok: true, detail: '' }
    }
    const health = new ActiveHealth(pool, clock, () => dice, { intervalMs: 100, jitter: 0.2 }, probe)
    await health.watch(a)
    clock.advance(119)
    expect(probes).toBe(1)
    dice = 0
    clock.advance(1)
    await settle()
    expect(probes).toBe(2)
    clock.advance(80)
    await settle()
    expect(probes).toBe(3)
    health.close()
  })
})
