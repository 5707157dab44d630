import { describe, expect, it } from 'vitest'
import { jainIndex, maxOverMean, shares } from './statistics.ts'

describe('a fair share', () => {
  const even = [20, 20, 20]
  it('is a third each', () => expect(shares(even)).toEqual([1 / 3, 1 / 3, 1 / 3]))
  it('has a maximum that is the mean', () => expect(maxOverMean(even)).toBe(1))
  it('has an index of 1', () => expect(jainIndex(even)).toBe(1))
})

describe('one server with everything', () => {
  const one = [0, 60, 0]
  it('has a maximum of three times the mean', () => expect(maxOverMean(one)).toBe(3))
  it('has an index of 1/3', () => expect(jainIndex(one)).toBeCloseTo(1 / 3))
})

describe('nothing at all', () => {
  it('is shared by nobody', () => expect(shares([0, 0])).toEqual([0, 0]))
  it('has no balance to speak of', () =>
    expect([maxOverMean([0, 0]), jainIndex([0, 0])]).toEqual([undefined, undefined]))
})
