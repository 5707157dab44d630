import { join } from 'node:path'
import { NoSpringError } from '@session-cluster/cluster'
import { expect } from 'vitest'
import type { Experiment } from '../../src/experiment.ts'
import { readHistory } from '../../src/history.ts'
import { isText, type Words } from '../../src/language.ts'
import type { Result } from '../../src/results.ts'
import { filesOf, type RunOptions, run } from '../../src/run.ts'
import { outFolder } from '../out-folder.ts'

/** What a test may put in the place of what a run has otherwise. */
export type Otherwise = Partial<
  Pick<RunOptions, 'startCluster' | 'startSpring' | 'patienceMs' | 'durationMs' | 'broken'>
>

/** Spring takes half a minute to come up: one test has it, the others go without. */
export const noSpring = async (): Promise<never> => {
  throw new NoSpringError('not in this test')
}

/**
 * Runs one experiment in its smallest form: its counts are those of any run, its ratios are taken once and prove nothing. What its
 * stored history is judged to say must be what the run says.
 */
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
    startSpring: noSpring,
    ...otherwise,
    out: out.path,
    command: 'test',
    signal,
  })
  const [result] = results
  if (!result) throw new Error(`${experiment.id} left no result`)
  if (result.error === undefined) {
    const file = join(filesOf(out.path, otherwise.broken && 'broken').raw, `${experiment.id}.ndjson`)
    const { headline, checks, observations } = result
    const judge = otherwise.broken?.[experiment.id]?.experiment ?? experiment
    expect(judge.judge(readHistory(file))).toMatchObject({ headline, checks, observations })
  }
  return result
}

/** What was asked of the counts and what came, line by line: a failing test shows all of it. */
export const counts = ({ error, checks }: Result) => ({
  error,
  wrong: checks
    .filter(({ kind, verdict }) => kind !== 'ratio' && verdict !== 'holds')
    .map(({ question, measured, expected }) => `${question.en}: ${words(measured)}, expected ${words(expected)}`),
  asked: checks.filter(({ kind }) => kind !== 'ratio').length,
})

const words = (value: Words) => (isText(value) ? value.en : String(value))
