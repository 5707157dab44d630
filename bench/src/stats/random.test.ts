import { expect, test } from 'vitest'
import { seededRandom, shuffled } from './random.ts'

test('one seed gives one sequence, another seed another', () => {
  const draw = (seed: number) => Array.from({ length: 5 }, seededRandom(seed))
  expect(draw(7)).toEqual(draw(7))
  expect(draw(7)).not.toEqual(draw(8))
})

test('numbers fill [0, 1) evenly', () => {
  const random = seededRandom(1)
  const buckets = new Array<number>(10).fill(0)
  for (let draw = 0; draw < 10_000; draw++) {
    const value = random()
    expect(value).toBeGreaterThanOrEqual(0)
    expect(value).toBeLessThan(1)
    buckets[Math.floor(value * 10)] = (buckets[Math.floor(value * 10)] ?? 0) + 1
  }
  for (const count of buckets) expect(Math.abs(count - 1000)).toBeLessThan(150)
})

test('shuffling keeps every item, leaves the argument alone and reaches every order', () => {
  const random = seededRandom(3)
  const items = ['a', 'b', 'c'] as const
  const orders = new Set<string>()
  for (let turn = 0; turn < 200; turn++) {
    const order = shuffled(items, random)
    expect([...order].sort()).toEqual(['a', 'b', 'c'])
    orders.add(order.join(''))
  }
  expect(orders.size).toBe(6)
  expect(items).toEqual(['a', 'b', 'c'])
})
