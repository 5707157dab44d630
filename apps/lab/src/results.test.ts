import { seededRandom } from '@session-cluster/visitor'
import { describe, expect, it } from 'vitest'
import { text } from './language.ts'
import { exitCodeOf, type Result, reproducible } from './results.ts'
import { counted, ratio } from './verdict.ts'

const code = (...verdicts: Result['verdict'][]) =>
  exitCodeOf({ asked: verdicts.length, results: verdicts.map((verdict) => ({ verdict })) })

describe('exitCodeOf', () => {
  it('is 0 when every claim holds', () => expect(code('holds', 'holds')).toBe(0))
  it('is 1 when a claim failed, whatever else', () => expect(code('inconclusive', 'could-not-run', 'fails')).toBe(1))
  it('is 2 when one is inconclusive', () => expect(code('holds', 'inconclusive')).toBe(2))
  it('is 3 when one could not run', () => expect(code('inconclusive', 'could-not-run')).toBe(3))
  it('is 3 when nothing ran', () => expect(code()).toBe(3))
  it('is 130 when somebody pressed Ctrl-C', () => expect(code('fails', 'interrupted')).toBe(130))
  it('is 130 when that was between two experiments', () => {
    expect(exitCodeOf({ asked: 2, results: [{ verdict: 'holds' }] })).toBe(130)
  })
})

describe('reproducible', () => {
  const question = text('how many', '몇 개')
  const result = (count: number, sample: number) => {
    const checks = [
      counted(question, count, count),
      ratio(question, [sample], { atLeast: 0 }, { random: seededRandom(1, 'r') }),
    ]
    return { results: [{ id: 'C1', verdict: 'holds', checks } as unknown as Result] }
  }

  it('is the same although a ratio was measured anew', () => {
    expect(reproducible(result(3, 1.1))).toEqual(reproducible(result(3, 1.2)))
  })
  it('differs by a count', () => expect(reproducible(result(3, 1))).not.toEqual(reproducible(result(4, 1))))
})
