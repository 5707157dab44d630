import { describe, expect, it } from 'vitest'
import { seededRandom, shuffled } from './random.ts'

const draw = (seed: number, name: string) => {
  const random = seededRandom(seed, name)
  return Array.from({ length: 5 }, random)
}

describe('seededRandom', () => {
  it('gives the same numbers for the same seed and name', () => expect(draw(1, 'a')).toEqual(draw(1, 'a')))
  it('gives others for another seed', () => expect(draw(2, 'a')).not.toEqual(draw(1, 'a')))
  it('gives others for another name', () => expect(draw(1, 'b')).not.toEqual(draw(1, 'a')))

  it('spreads evenly over [0, 1)', () => {
    const random = seededRandom(1, 'even')
    const drawn = Array.from({ length: 100_000 }, () => random())
    expect(Math.min(...drawn)).toBeGreaterThanOrEqual(0)
    expect(Math.max(...drawn)).toBeLessThan(1)
    expect(drawn.reduce((sum, value) => sum + value, 0) / drawn.length).toBeCloseTo(0.5, 2)
  })
})

describe('shuffled', () => {
  it('keeps every item and leaves the original alone', () => {
    const items = [1, 2, 3, 4, 5, 6, 7, 8]
    const mixed = shuffled(items, seededRandom(1, 'shuffle'))
    expect(mixed.toSorted((left, right) => left - right)).toEqual(items)
    expect(mixed).not.toEqual(items)
  })
})
