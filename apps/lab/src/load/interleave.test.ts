import { expect, it } from 'vitest'
import { interleave } from './interleave.ts'

it('gives every contender one turn per round and starts each round with another', async () => {
  const order: string[] = []
  const results = await interleave(['a', 'b', 'c'], 3, async (name, round) => {
    order.push(name)
    return `${name}${round}`
  })
  expect(order.join('')).toBe('abcbcacab')
  expect(results).toEqual({ a: ['a0', 'a1', 'a2'], b: ['b0', 'b1', 'b2'], c: ['c0', 'c1', 'c2'] })
})
