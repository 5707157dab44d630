import { expect, test } from 'vitest'
import { growthOf } from './balancer.ts'

const reading = (heapBytes: number) => ({ requests: 1, heapBytes })

test('growth is told from the first reading to the last', () => {
  expect(growthOf([reading(100), reading(300), reading(104)])).toBeCloseTo(0.04)
  expect(growthOf([reading(100), reading(90)])).toBeCloseTo(-0.1)
})

test('no readings have no growth', () => {
  expect(() => growthOf([])).toThrow(RangeError)
})
