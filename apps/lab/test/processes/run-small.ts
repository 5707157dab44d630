import type { Experiment } from '../../src/experiment.ts'
import { isText, type Words } from '../../src/language.ts'
import type { Result } from '../../src/results.ts'
import { type RunOptions, run } from '../../src/run.ts'
import { outFolder } from '../out-folder.ts'

/** What a test may put in the place of what a run has otherwise. */
export type Otherwise = Partial<Pick<RunOptions, 'startCluster' | 'patienceMs' | 'durationMs'>>

/** Runs one experiment in its smallest form: its counts are those of any run, its ratios are taken once and prove nothing. */
export async function runSmall(
  experiment: Experiment,
  signal: AbortSignal,
  otherwise: Otherwise = {},
): Promise<Result> {
  await using out = await outFolder()
  const size = { preset: 'quick', seed: 1, repeats: 1, durationMs: 600 } as const
  const { results } = await run({
    experiments: [experiment],
    ...size,
    ...otherwise,
    out: out.path,
    command: 'test',
    signal,
  })
  const [result] = results
  if (!result) throw new Error(`${experiment.id} left no result`)
  return result
}

/** What was asked of the counts and what came, line by line: a failing test shows all of it. */
export const counts = ({ error, checks }: Result) => ({
  error,
  wrong: checks
    .filter(({ kind, verdict }) => kind === 'count' && verdict !== 'holds')
    .map(({ question, measured, expected }) => `${question.en}: ${words(measured)}, expected ${words(expected)}`),
  asked: checks.filter(({ kind }) => kind === 'count').length,
})

const words = (value: Words) => (isText(value) ? value.en : String(value))
