import type { Lab } from '../experiment.ts'
import type { History, Row } from '../history.ts'
import type { Text } from '../language.ts'
import { type Bound, type Check, leastSamples, ratio } from '../verdict.ts'

/** How often at most the number of rounds is doubled while a ratio is open. */
const doublings = 2
/** A first look is at 95 %; whoever looks again because the answer was open has to be surer. */
const confidences = { first: 0.95, further: 0.99 }

/**
 * Takes `lab.repeats` rounds, each of which writes itself down. While a check is inconclusive it takes as many again as there
 * are, twice at most, and all of them are judged together, at 99 % instead of 95 %: looking again must not make a wrong answer
 * more likely. No round is ever left out. Where even twice as many, twice, are too few for any verdict (a ratio taken once, as in
 * tests of counts), or a check has failed already, it looks once.
 */
export async function takeRounds<Rows extends Row>(
  lab: Pick<Lab<Rows>, 'repeats' | 'signal' | 'history'>,
  take: (round: number) => Promise<unknown>,
  judge: (history: History<Rows>) => readonly Pick<Check, 'verdict'>[],
): Promise<void> {
  let taken = 0
  const upTo = async (count: number) => {
    for (; taken < count; taken++) {
      lab.signal.throwIfAborted()
      await take(taken)
    }
  }
  await upTo(lab.repeats)
  const looksMore = lab.repeats * 2 ** doublings >= leastSamples ? doublings : 0
  const isOpen = () => {
    const verdicts = judge(lab.history()).map(({ verdict }) => verdict)
    return verdicts.includes('inconclusive') && !verdicts.includes('fails')
  }
  for (let look = 0; look < looksMore && isOpen(); look++) await upTo(2 * taken)
}

/** Rows by the round that they are of, in the order in which the rounds come first. */
export const byRound = <Of extends { readonly round: number }>(rows: readonly Of[]): readonly (readonly Of[])[] => [
  ...Map.groupBy(rows, ({ round }) => round).values(),
]

/** A ratio that {@link takeRounds} took: with more rounds than a run begins with it was looked at again, and is judged at 99 %. */
export function roundsRatio(
  { settings, random }: Pick<History, 'settings' | 'random'>,
  question: Text,
  samples: readonly number[],
  bound: Bound,
): Check {
  const confidence = samples.length > settings.repeats ? confidences.further : confidences.first
  return ratio(question, samples, bound, { random: random(question.en), confidence })
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
