import { describe, expect, test } from 'vitest'
import { FakeClock, fakePool } from '../../test/support/pool.ts'
import { Pool } from './pool.ts'
import type { Upstream } from './upstream.ts'

const named = (upstreams: readonly Upstream[]): string => upstreams.map((upstream) => upstream.name).join('')

function get(pool: Pool, name: string): Upstream {
  const upstream = pool.get(name)
  if (!upstream) throw new Error(`no ${name}`)
  return upstream
}

test('only upstreams that are up and have weight are available to new clients', () => {
  const { pool } = fakePool(['a', 'b', 'c', 'd', 'e', 'f'])
  pool.setHealthy(get(pool, 'b'), false, 'x')
  pool.setMode(get(pool, 'c'), 'drain')
  pool.setMode(get(pool, 'd'), 'maintenance')
  pool.setWeight(get(pool, 'e'), 0)
  pool.setLeaving(get(pool, 'f'))
  expect(named(pool.available())).toBe('a')
  expect(named(pool.all.filter((upstream) => pool.mayServe(upstream)))).toBe('ace')
})

test('a name can be taken once', () => {
  const { pool } = fakePool(['a'])
  expect(() => pool.add({ name: 'a', url: 'http://x' })).toThrow(/exists already/)
})

describe('the panic threshold', () => {
  test('takes passive ejections back when too few would be left', () => {
    const { pool } = fakePool(['a', 'b', 'c'])
    pool.setPassive(get(pool, 'a'), 'out', 'x')
    expect(named(pool.available())).toBe('bc')
    pool.setPassive(get(pool, 'b'), 'out', 'x')
    expect(named(pool.available())).toBe('abc')
  })

  test('holds for pinned clients as for new ones', () => {
    const { pool } = fakePool(['a', 'b', 'c'])
    const [a, b] = [get(pool, 'a'), get(pool, 'b')]
    pool.setPassive(a, 'out', 'x')
    expect(pool.mayServe(a)).toBe(false)
    pool.setPassive(b, 'out', 'x')
    expect([pool.mayServe(a), pool.mayServe(b)]).toEqual([true, true])
    pool.setPassive(b, 'in', 'x')
    expect(pool.mayServe(a)).toBe(false)
  })

  test('goes by those that active checks left', () => {
    const { pool } = fakePool(['a', 'b', 'c', 'd'])
    pool.setPassive(get(pool, 'a'), 'out', 'x')
    for (const name of ['c', 'd']) pool.setHealthy(get(pool, name), false, 'x')
    expect(named(pool.available())).toBe('b')
    pool.setHealthy(get(pool, 'b'), false, 'x')
    expect(named(pool.available())).toBe('a')
    expect(pool.mayServe(get(pool, 'b'))).toBe(false)
  })

  test('never takes back what active checks found', () => {
    const { pool } = fakePool(['a', 'b', 'c'])
    for (const name of ['a', 'b', 'c']) pool.setHealthy(get(pool, name), false, 'x')
    expect(named(pool.available())).toBe('')
  })
})

test('a full upstream is away until a request leaves it', () => {
  const { pool } = fakePool(['a', 'b'], { maxInFlight: 1 })
  pool.enter(get(pool, 'a'))
  expect(named(pool.available())).toBe('b')
  pool.enter(get(pool, 'b'))
  expect(named(pool.available())).toBe('')
  expect(pool.isSaturated()).toBe(true)
  pool.leave(get(pool, 'a'))
  expect(named(pool.available())).toBe('a')
})

test('a returning upstream is let in more and more often, and fully after the slow start', () => {
  const clock = new FakeClock()
  let dice = 0.3
  const pool = new Pool({ clock, random: () => dice, slowStartMs: 1000 })
  for (const name of ['a', 'b']) pool.add({ name, url: `http://${name}` })
  const b = get(pool, 'b')
  expect(named(pool.available())).toBe('ab')
  pool.setHealthy(b, false, 'x')
  pool.setHealthy(b, true, 'x')
  clock.advance(200)
  expect(named(pool.available())).toBe('a')
  clock.advance(200)
  expect(named(pool.available())).toBe('ab')
  dice = 0.99
  expect(named(pool.available())).toBe('a')
  clock.advance(600)
  expect(named(pool.available())).toBe('ab')
})

test('an upstream that comes back from maintenance ramps up too, one that was merely drained does not', () => {
  const { pool } = fakePool(['a', 'b'], { slowStartMs: 1000, random: () => 0.5 })
  const b = get(pool, 'b')
  pool.setMode(b, 'drain')
  pool.setMode(b, 'ready')
  expect(named(pool.available())).toBe('ab')
  pool.setMode(b, 'maintenance')
  pool.setMode(b, 'ready')
  expect(named(pool.available())).toBe('a')
  pool.setWeight(b, 1000)
  expect(named(pool.available())).toBe('a')
})

test('forgetting an upstream twice leaves another of its name alone', () => {
  const { pool } = fakePool(['a'])
  const old = get(pool, 'a')
  pool.remove(old)
  const another = pool.add({ name: 'a', url: 'http://x' })
  pool.remove(old)
  expect(pool.all).toEqual([another])
})

test('a warming upstream is better than none', () => {
  const { pool } = fakePool(['a'], { slowStartMs: 1000, random: () => 0.99 })
  const a = get(pool, 'a')
  pool.setHealthy(a, false, 'x')
  pool.setHealthy(a, true, 'x')
  expect(named(pool.available())).toBe('a')
})

test('every change of state is told once, with its reason', () => {
  const told: string[] = []
  const { pool } = fakePool(['a'], { onState: ({ name }, state, reason) => told.push(`${name} ${state} ${reason}`) })
  const a = get(pool, 'a')
  pool.setHealthy(a, false, 'checks failed')
  pool.setHealthy(a, false, 'again')
  pool.setMode(a, 'maintenance')
  expect(told).toEqual(['a down checks failed', 'a maintenance set to maintenance'])
})
