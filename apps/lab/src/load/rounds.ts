import type { Lab } from '../experiment.ts'
import { type Check, type Judging, leastSamples } from '../verdict.ts'

/** How often at most the number of rounds is doubled while a ratio is open. */
const doublings = 2
/** A first look is at 95 %; whoever looks again because the answer was open has to be surer. */
const confidences = { first: 0.95, further: 0.99 }

/** Rounds, all of them, and what they were judged to say. */
export interface Judged<R> {
  readonly rounds: readonly R[]
  readonly checks: readonly Check[]
}

/**
 * Takes `lab.repeats` rounds and judges them. While a check is inconclusive it takes as many again as there are, twice at
 * most, and judges all of them anew, at 99 % instead of 95 %: looking again must not make a wrong answer more likely.
 * No round is ever left out. Where even twice as many, twice, are too few for any verdict (a ratio taken once, as in tests of counts),
 * it looks once.
 */
export async function judgedRounds<R>(
  lab: Pick<Lab, 'repeats' | 'signal'>,
  take: (round: number) => Promise<R>,
  judge: (rounds: readonly R[], confidence: Pick<Judging, 'confidence'>) => readonly Check[],
): Promise<Judged<R>> {
  const rounds: R[] = []
  const upTo = async (count: number) => {
    while (rounds.length < count) {
      lab.signal.throwIfAborted()
      rounds.push(await take(rounds.length))
    }
  }
  await upTo(lab.repeats)
  let checks = judge(rounds, { confidence: confidences.first })
  const looksMore = lab.repeats * 2 ** doublings >= leastSamples ? doublings : 0
  for (let look = 0; look < looksMore && checks.some(({ verdict }) => verdict === 'inconclusive'); look++) {
    await upTo(2 * rounds.length)
    checks = judge(rounds, { confidence: confidences.further })
  }
  return { rounds, checks }
}

/**
 * One round: every contender's turn, each round starting one contender further, so that a slow minute of the machine
 * falls on all of them.
 */
export async function inTurns<Name extends string, R>(
  contenders: readonly Name[],
  round: number,
  turn: (name: Name, round: number) => Promise<R>,
): Promise<Record<Name, R>> {
  const results = {} as Record<Name, R>
  for (let place = 0; place < contenders.length; place++) {
    const name = contenders[(place + round) % contenders.length] as Name
    results[name] = await turn(name, round)
  }
  return results
}
