import { seededRandom } from '@session-cluster/visitor'
import { describe, expect, it } from 'vitest'
import { text } from './language.ts'
import { counted, presence, ratio, verdictOf } from './verdict.ts'

const question = text('how many', '몇 개')
const random = () => seededRandom(1, 'verdict')

describe('counted', () => {
  it('holds when the count is the expected one', () => expect(counted(question, 30, 30).verdict).toBe('holds'))
  it('fails by a single one too many', () => expect(counted(question, 31, 30).verdict).toBe('fails'))
  it('compares lists place by place', () => {
    expect(counted(question, [0, 90, 0], [0, 90, 0]).verdict).toBe('holds')
    expect(counted(question, [90, 0, 0], [0, 90, 0]).verdict).toBe('fails')
  })
  it('is not fooled by a count that is not a number', () =>
    expect(counted(question, Number.NaN, 0).verdict).toBe('fails'))
})

describe('presence', () => {
  it('asks whether there was one, and tells how many', () => {
    expect(presence(question, 3, 'some', 10)).toMatchObject({ verdict: 'holds', seen: { en: '3 of 10' } })
    expect(presence(question, 0, 'some').verdict).toBe('fails')
    expect(presence(question, 1, 'none').verdict).toBe('fails')
    expect(presence(question, Number.NaN, 'some').verdict).toBe('fails')
  })
})

describe('ratio', () => {
  const verdict = (samples: number[], bound: Parameters<typeof ratio>[2]) =>
    ratio(question, samples, bound, { random: random() }).verdict

  it('holds when the whole interval is within the bound', () =>
    expect(verdict([2, 2.1, 1.9, 2, 2], { atLeast: 1.2 })).toBe('holds'))
  it('fails when all of it is outside', () => expect(verdict([1, 1.1, 0.9, 1, 1], { atLeast: 1.2 })).toBe('fails'))
  it('is inconclusive when the bound cuts through it', () =>
    expect(verdict([1, 2, 1, 2, 1], { atLeast: 1.2 })).toBe('inconclusive'))
  it('minds both ends of a range', () => {
    expect(verdict([1, 1, 1, 1, 1], { atLeast: 0.5, atMost: 1.5 })).toBe('holds')
    expect(verdict([2, 2, 2, 2, 2], { atLeast: 0.5, atMost: 1.5 })).toBe('fails')
  })
  it.each([1, 2, 3, 4])('is inconclusive with %i samples, however clear they are', (count) => {
    const samples = new Array<number>(count).fill(1)
    expect(verdict(samples, { atMost: 2 })).toBe('inconclusive')
    expect(verdict(samples, { atLeast: 2 })).toBe('inconclusive')
  })
  it('fails nothing and holds nothing when a sample is missing', () =>
    expect(verdict([0, 0, Number.NaN, 0, 0], { atMost: 1 })).toBe('inconclusive'))
  it('is harder to convince when it has to be surer', () => {
    const samples = [1.9, 2.1, 2, 2.2, 1.8, 2, 2.1, 1.9, 2, 1.1]
    const bound = { atLeast: 1.7 }
    expect(ratio(question, samples, bound, { random: random() }).verdict).toBe('holds')
    expect(ratio(question, samples, bound, { random: random(), confidence: 0.99999 }).verdict).toBe('inconclusive')
  })
  it('keeps the samples and tells the bound', () => {
    const check = ratio(question, [1, 2, 3], { atLeast: 0, atMost: 9 }, { random: random() })
    expect(check).toMatchObject({ kind: 'ratio', expected: '0 … 9', measured: 2, samples: [1, 2, 3] })
  })
})

describe('verdictOf', () => {
  const of = (...verdicts: ('holds' | 'fails' | 'inconclusive')[]) =>
    verdictOf(verdicts.map((verdict) => ({ verdict })))

  it('holds when every check does', () => expect(of('holds', 'holds')).toBe('holds'))
  it('fails with one that fails, whatever else', () => expect(of('inconclusive', 'fails', 'holds')).toBe('fails'))
  it('is inconclusive with one that is', () => expect(of('holds', 'inconclusive')).toBe('inconclusive'))
  it('is inconclusive when nothing was checked', () => expect(of()).toBe('inconclusive'))
})
