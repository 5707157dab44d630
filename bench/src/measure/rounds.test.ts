import { seededRandom } from '@session-cluster/visitor'
import { expect, test } from 'vitest'
import { addRound, orderOfRound, type Rounds, roundsOf } from './rounds.ts'

const slices = ['read', 'write'].flatMap((scenario) => ['a', 'b', 'c'].map((contender) => ({ contender, scenario })))

test('a round measures every pair twice, there and back, one scenario after the other', () => {
  const order = orderOfRound(slices, seededRandom(1))
  expect(order).toHaveLength(12)
  for (const half of [order.slice(0, 6), order.slice(6)]) {
    expect(new Set(half.map(({ scenario }) => scenario)).size).toBe(1)
    const names = half.map(({ contender }) => contender)
    expect(names.toReversed()).toEqual(names)
    expect(new Set(names).size).toBe(3)
  }
})

test('the order is the seed’s, and changes from round to round', () => {
  const random = seededRandom(4)
  const first = JSON.stringify(orderOfRound(slices, random))
  expect(JSON.stringify(orderOfRound(slices, seededRandom(4)))).toBe(first)
  const later = Array.from({ length: 5 }, () => JSON.stringify(orderOfRound(slices, random)))
  expect(new Set([first, ...later]).size).toBeGreaterThan(1)
})

test('a round adds the mean of both halves to each pair', () => {
  const rounds: Rounds = {}
  const half = (contender: string, us: number) => ({ contender, scenario: 'read', us })
  addRound(rounds, [half('a', 10), half('b', 5), half('b', 7), half('a', 20)])
  addRound(rounds, [half('a', 30), half('b', 1)])
  expect(roundsOf(rounds, 'a', 'read')).toEqual([15, 30])
  expect(roundsOf(rounds, 'b', 'read')).toEqual([6, 1])
  expect(() => roundsOf(rounds, 'c', 'read')).toThrow('Not measured: c, read.')
})
