import type { Environment } from './environment.ts'
import type { Experiment, Findings } from './experiment.ts'
import { type Text, text } from './language.ts'
import type { Preset } from './preset.ts'
import { type Verdict, verdictOf } from './verdict.ts'

/** How one experiment ended: with a verdict, or without one. */
export type Ending = Verdict | 'could-not-run' | 'interrupted'

/** One experiment's part of a report. */
export interface Result extends Omit<Experiment, 'run' | 'judge'>, Findings {
  readonly verdict: Ending
  /** How long it took, in milliseconds. */
  readonly ms: number
  /** What was wrong on purpose, in a run against what is broken. */
  readonly broken?: Text
  /** Why there is no verdict. */
  readonly error?: string
}

/** The whole of `report.json`: enough to draw every page again. */
export interface Report {
  readonly version: 2
  readonly command: string
  readonly startedAt: string
  readonly ms: number
  readonly seed: number
  readonly preset: Preset
  readonly repeats: number
  readonly durationMs: number
  readonly environment: Environment
  /** `broken`: on clusters that are wrong on purpose, where every claim should fail. */
  readonly against?: 'broken'
  /** How many experiments were asked for: more than there are results where the run was stopped. */
  readonly asked: number
  readonly results: readonly Result[]
}

/** A finished experiment. */
export function resultOf({ run: _, judge: __, ...experiment }: Experiment, findings: Findings, ms: number): Result {
  return { ...experiment, ...findings, verdict: verdictOf(findings.checks), ms }
}

/** An experiment that came to no end. */
export function noResult(
  { run: _, judge: __, ...experiment }: Experiment,
  verdict: 'could-not-run' | 'interrupted',
  error: string,
  ms: number,
): Result {
  const headline = { value: '–', label: text('nothing: it came to no end', '없음: 끝나지 않음') }
  return { ...experiment, headline, checks: [], observations: [], pictures: [], verdict, error, ms }
}

type ExitGrounds = Pick<Report, 'asked' | 'against'> & { readonly results: readonly Pick<Result, 'verdict'>[] }

/** What a run's process exits with. A run that was stopped has no other answer; a false claim outweighs an experiment that could not run, and that one an open question. */
export function exitCodeOf({ results, asked, against }: ExitGrounds): 0 | 1 | 2 | 3 | 130 {
  const ended = (verdict: Ending) => results.some((result) => result.verdict === verdict)
  if (ended('interrupted') || results.length < asked) return 130
  // Where every claim is false, whatever does not fail is a lab that cannot say no.
  if (against && !ended('could-not-run')) return results.every(({ verdict }) => verdict === 'fails') ? 0 : 1
  if (ended('fails')) return 1
  if (ended('could-not-run') || results.length === 0) return 3
  return ended('inconclusive') ? 2 : 0
}

/**
 * What two runs with one seed have to agree on, line by line: each verdict, and each count. Ratios are left out: they
 * are measured each time and only their verdict has to be the same.
 */
export function reproducible(report: Pick<Report, 'results'>): string[] {
  return report.results.flatMap(({ id, verdict, checks }) => [
    `${id} ${verdict}`,
    ...checks.map((check) => {
      const measured = check.kind === 'ratio' ? 'ratio' : JSON.stringify(check.measured)
      return `${id} · ${check.question.en} · ${measured} · ${check.verdict}`
    }),
  ])
}
