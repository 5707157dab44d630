import { bootstrapMedian, type Interval, seededRandom } from '@session-cluster/visitor'
import { type Rounds, roundsOf } from '../measure/rounds.ts'
import { ratios } from '../stats/ratios.ts'
import { type Bound, boundText, judge, type Verdict } from '../stats/verdict.ts'
import { table } from './table.ts'

/** A bound on how much CPU one contender may spend for each unit that another one spends, on one scenario. */
export interface Figure {
  readonly name: string
  readonly scenario: string
  readonly contender: string
  readonly against: string
  readonly bound: Bound
}

/** A figure with what the rounds say of it. */
export interface Judged extends Figure {
  readonly ratio: Interval
  readonly verdict: Verdict
}

/** Judges each figure by the ratios of its rounds. */
export function judgeFigures(figures: readonly Figure[], rounds: Rounds, seed: number): Judged[] {
  return figures.map((figure) => {
    const of = (contender: string) => roundsOf(rounds, contender, figure.scenario)
    const ratio = bootstrapMedian(ratios(of(figure.contender), of(figure.against)), { random: seededRandom(seed) })
    return { ...figure, ratio, verdict: judge(ratio, figure.bound) }
  })
}

/** The figures with their intervals and verdicts; a quick run is too small to have any. */
export function figuresTable(judged: readonly Judged[], quick = false): string {
  const rows = judged.map(({ name, bound, ratio, verdict }) => [
    name,
    intervalText(ratio),
    boundText(bound),
    quick ? 'not judged' : verdict,
  ])
  return table(['figure', 'ratio [95 %]', 'bound', 'verdict'], rows)
}

/** Medians of every contender, and their ratios to the baseline. */
export function mediansTable(
  rounds: Rounds,
  titles: ReadonlyMap<string, string>,
  baseline: string,
  seed: number,
): string {
  const rows = Object.entries(rounds).flatMap(([contender, scenarios]) =>
    Object.entries(scenarios).map(([scenario, values]) => {
      const ratio = bootstrapMedian(ratios(values, roundsOf(rounds, baseline, scenario)), {
        random: seededRandom(seed),
      })
      const us = bootstrapMedian(values, { random: seededRandom(seed) }).median.toFixed(1)
      return [scenario, titles.get(contender) ?? contender, us, contender === baseline ? '1' : intervalText(ratio)]
    }),
  )
  const order = [...titles.values()]
  rows.sort(([a = '', b = ''], [c = '', d = '']) => a.localeCompare(c) || order.indexOf(b) - order.indexOf(d))
  return table(['scenario', 'contender', 'µs CPU', `× ${titles.get(baseline)} [95 %]`], rows, [2])
}

/** `1.23 [1.20–1.27]` */
export function intervalText({ median, low, high }: Interval): string {
  return `${median.toFixed(2)} [${low.toFixed(2)}–${high.toFixed(2)}]`
}
