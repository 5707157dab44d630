import { describe, expect, it } from 'vitest'
import { type History, historyOf } from '../history.ts'
import { text } from '../language.ts'
import { inTurns, roundsRatio, takeRounds } from './rounds.ts'

const signal = new AbortController().signal

interface Sample {
  readonly step: 'sample'
  readonly value: number
}

/** Rounds that bring these samples, repeated for ever, and how they are judged. */
async function rounds(samples: readonly number[], { repeats = 5, atMost = 2.5 } = {}) {
  const rows: Sample[] = []
  const settings = { experiment: 'C1', seed: 1, preset: 'quick', repeats, durationMs: 1, patienceMs: 1 } as const
  const history = () => historyOf(settings, rows)
  const looks: { rounds: number; confidence: number | undefined }[] = []
  const judge = (taken: History<Sample>) => {
    const values = taken.of('sample').map(({ value }) => value)
    const check = roundsRatio(taken, text('how much', '얼마나'), values, { atMost })
    looks.push({ rounds: values.length, confidence: check.confidence })
    return [check]
  }
  await takeRounds(
    { repeats, signal, history },
    async (round) => rows.push({ step: 'sample', value: samples[round % samples.length] as number }),
    judge,
  )
  return { looks, taken: rows.length, verdict: judge(history())[0]?.verdict }
}

describe('takeRounds', () => {
  it('takes no more rounds than asked for when they answer the question', async () => {
    expect(await rounds([2, 2.1, 1.9])).toMatchObject({ taken: 5, verdict: 'holds' })
    expect(await rounds([3, 3.1, 2.9])).toMatchObject({ taken: 5, verdict: 'fails' })
  })

  it('takes as many again when one disturbed round leaves the question open, and asks for more certainty then', async () => {
    const { looks, verdict } = await rounds([2, 2, 2.94, 2, 2, 2, 2, 2, 2, 2])
    expect(looks.slice(0, 2)).toEqual([
      { rounds: 5, confidence: 0.95 },
      { rounds: 10, confidence: 0.99 },
    ])
    expect(verdict).toBe('holds')
  })

  it('gives up after two doublings: what is open then stays open', async () => {
    expect(await rounds([2, 3])).toMatchObject({ taken: 20, verdict: 'inconclusive' })
  })

  it('gives no verdict on a ratio that is taken once, and looks once', async () =>
    expect(await rounds([3], { repeats: 1 })).toMatchObject({ taken: 1, verdict: 'inconclusive' }))

  it('goes on from too few rounds until there are enough for a verdict', async () => {
    const { looks, verdict } = await rounds([3], { repeats: 2 })
    expect(looks.slice(0, 3).map((look) => look.rounds)).toEqual([2, 4, 8])
    expect(verdict).toBe('fails')
  })
})

describe('inTurns', () => {
  it('gives every contender one turn per round and starts each round with another', async () => {
    const order: string[] = []
    for (const round of [0, 1, 2])
      expect(await inTurns(['a', 'b', 'c'], round, async (name) => `${order.push(name) && name}${round}`)).toEqual({
        a: `a${round}`,
        b: `b${round}`,
        c: `c${round}`,
      })
    expect(order.join('')).toBe('abcbcacab')
  })
})
