import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { fakePool, fakeRequest, seeded } from '../../test/support/pool.ts'
import type { Pool } from '../pool/pool.ts'
import { addressHash } from './address-hash.ts'
import { consistentHash } from './consistent-hash.ts'
import { policies } from './index.ts'
import { leastRequests } from './least-requests.ts'
import { powerOfTwo } from './power-of-two.ts'
import { randomChoice } from './random.ts'
import { weightedRoundRobin } from './weighted-round-robin.ts'

const clusterNames = (count: number, salt: string): string[] => Array.from({ length: count }, (_, i) => `${salt}${i}`)
const salt = fc.stringMatching(/^[a-z]{1,8}$/)

/** Where each of `count` keys goes. */
function places(pool: Pool, count: number): string[] {
  const policy = consistentHash({ loadFactor: Number.POSITIVE_INFINITY })
  return Array.from({ length: count }, (_, i) => policy(pool.all, fakeRequest({}, `key ${i}`))?.name ?? '')
}

describe('consistent hash without a bound', () => {
  test('adding one to N moves at most 1.3/(N+1) of the keys, and only to the new one', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 12 }), salt, (count, salt) => {
        const { pool } = fakePool(clusterNames(count, salt))
        const before = places(pool, 10_000)
        pool.add({ name: 'new', url: 'http://new' })
        const moved = places(pool, 10_000).filter((place, i) => place !== before[i])
        expect(new Set(moved)).toEqual(new Set(['new']))
        expect(moved.length / 10_000).toBeLessThanOrEqual(1.3 / (count + 1))
      }),
      { numRuns: 40 },
    )
  })

  test('removing one moves its own keys alone', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 12 }), salt, fc.nat(), (count, salt, which) => {
        const { pool } = fakePool(clusterNames(count, salt))
        const before = places(pool, 2000)
        const gone = pool.all[which % count]
        if (gone) pool.remove(gone)
        const strays = places(pool, 2000).filter((place, i) => before[i] !== gone?.name && place !== before[i])
        expect(strays).toEqual([])
      }),
      { numRuns: 40 },
    )
  })

  test('weights are shares of the keys', () => {
    const { pool } = fakePool(['a', 'b'])
    const [a] = pool.all
    if (a) pool.setWeight(a, 3)
    const share = places(pool, 20_000).filter((place) => place === 'a').length / 20_000
    expect(Math.abs(share - 0.75)).toBeLessThan(0.02)
  })
})

test('with a bound, no upstream exceeds the factor times the mean, whatever the keys', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom('hot', 'warm', 'x', 'y'), { maxLength: 60 }), (keys) => {
      const { pool } = fakePool(['a', 'b', 'c', 'd'])
      const policy = consistentHash({ loadFactor: 1.25 })
      keys.forEach((key, i) => {
        const upstream = policy(pool.available(), fakeRequest({}, key))
        if (upstream) pool.enter(upstream)
        expect(upstream?.inFlight).toBeLessThanOrEqual(Math.ceil((1.25 * (i + 1)) / 4))
      })
    }),
  )
})

test('smooth weighted round robin gives each exactly its weight in every round', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 6 }), (weights) => {
      const { pool } = fakePool(clusterNames(weights.length, 'n'))
      weights.forEach((weight, i) => {
        const upstream = pool.all[i]
        if (upstream) pool.setWeight(upstream, weight)
      })
      const policy = weightedRoundRobin()
      const total = weights.reduce((sum, weight) => sum + weight, 0)
      for (let round = 0; round < 3; round++) {
        const picks = Array.from({ length: total }, () => policy(pool.available(), fakeRequest())?.order)
        expect(weights.map((_, i) => picks.filter((order) => order === i).length)).toEqual(weights)
      }
    }),
  )
})

test('random picks in proportion to the weights', () => {
  const { pool } = fakePool(['a', 'b'])
  const [a] = pool.all
  if (a) pool.setWeight(a, 4)
  const policy = randomChoice(seeded(1))
  const picks = Array.from({ length: 20_000 }, () => policy(pool.available(), fakeRequest())?.name)
  expect(Math.abs(picks.filter((name) => name === 'a').length / 20_000 - 0.8)).toBeLessThan(0.02)
})

test('power of two never takes the strictly busiest', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(20), { minLength: 2, maxLength: 6 }), fc.integer(), (loads, seed) => {
      const { pool } = fakePool(clusterNames(loads.length, 'n'))
      pool.all.forEach((upstream, i) => {
        upstream.inFlight = loads[i] ?? 0
      })
      const picked = powerOfTwo(seeded(seed))(pool.all, fakeRequest())
      const others = loads.filter((_, i) => i !== picked?.order)
      expect((picked?.inFlight ?? 0) <= Math.max(...others)).toBe(true)
    }),
  )
})

test('least requests takes one that nobody is below', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(20), { minLength: 1, maxLength: 6 }), (loads) => {
      const { pool } = fakePool(clusterNames(loads.length, 'n'))
      pool.all.forEach((upstream, i) => {
        upstream.inFlight = loads[i] ?? 0
      })
      expect(leastRequests()(pool.all, fakeRequest())?.inFlight).toBe(Math.min(...loads))
    }),
  )
})

test('the address hash keeps an address in place while the number stays, and moves most when it changes', () => {
  const { pool } = fakePool(['a', 'b', 'c'])
  const policy = addressHash()
  const at = () =>
    Array.from({ length: 2000 }, (_, i) => policy(pool.available(), fakeRequest({}, `10.0.0.${i}`))?.name)
  const before = at()
  expect(at()).toEqual(before)
  pool.add({ name: 'd', url: 'http://d' })
  const moved = at().filter((place, i) => place !== before[i]).length / 2000
  expect(Math.abs(moved - 0.75)).toBeLessThan(0.06)
})

test.each(Object.keys(policies) as (keyof typeof policies)[])('%s answers nobody when nobody is there', (name) => {
  expect(policies[name]({ random: Math.random })([], fakeRequest())).toBeUndefined()
})
