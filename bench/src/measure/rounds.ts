import { shuffled } from '@session-cluster/visitor'

/** CPU per request in microseconds: one number for each round, by contender and scenario. */
export type Rounds = Record<string, Record<string, number[]>>

/** One pair to measure. */
export interface Slice {
  readonly contender: string
  readonly scenario: string
}

/**
 * The order of one round: scenarios in a shuffled order; within each, the contenders in a shuffled order and then back.
 * The two halves cancel a drift of the machine within the round, and no contender always follows the same other one.
 */
export function orderOfRound(slices: readonly Slice[], random: () => number): Slice[] {
  const scenarios = shuffled([...new Set(slices.map(({ scenario }) => scenario))], random)
  return scenarios.flatMap((scenario) => {
    const there = shuffled(
      slices.filter((slice) => slice.scenario === scenario),
      random,
    )
    return [...there, ...there.toReversed()]
  })
}

/** Adds the round's numbers: the mean of a slice's two halves. */
export function addRound(rounds: Rounds, halves: readonly (Slice & { readonly us: number })[]): void {
  const byPair = Map.groupBy(halves, ({ contender, scenario }) => JSON.stringify([contender, scenario]))
  for (const pair of byPair.values()) {
    const { contender, scenario } = pair[0] as Slice
    const mean = pair.reduce((sum, { us }) => sum + us, 0) / pair.length
    const scenarios = rounds[contender] ?? {}
    scenarios[scenario] = [...(scenarios[scenario] ?? []), mean]
    rounds[contender] = scenarios
  }
}

/** The rounds of one pair; throws when it was never measured. */
export function roundsOf(rounds: Rounds, contender: string, scenario: string): readonly number[] {
  const found = rounds[contender]?.[scenario]
  if (!found) throw new Error(`Not measured: ${contender}, ${scenario}.`)
  return found
}
