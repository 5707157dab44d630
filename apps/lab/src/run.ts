import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { startCluster } from '@session-cluster/cluster'
import { seededRandom } from '@session-cluster/visitor'
import { observeEnvironment } from './environment.ts'
import type { Experiment, Lab } from './experiment.ts'
import type { Text } from './language.ts'
import { type Preset, presetDefaults } from './preset.ts'
import { type RawData, rawData } from './raw-data.ts'
import { words } from './report/words.ts'
import { noResult, type Report, type Result, resultOf } from './results.ts'

export interface RunOptions {
  readonly experiments: readonly Experiment[]
  readonly preset: Preset
  readonly seed: number
  /** @default the preset's */
  readonly repeats?: number | undefined
  /** @default the preset's */
  readonly durationMs?: number | undefined
  /** See `Lab`. @default the preset's */
  readonly patienceMs?: number
  /** See `Lab`. @default one of real processes, as asked for */
  readonly startCluster?: Lab['startCluster']
  /** A folder for `report.json` and `raw/`; made if it is not there. */
  readonly out: string
  /** What was typed: a reader of the report can type it again. */
  readonly command: string
  /** Aborted when the user has had enough: the running experiment ends, what is finished is kept. */
  readonly signal: AbortSignal
  readonly watch?: Watcher
}

/** Hears how a run goes; draws, or does not. */
export interface Watcher {
  started?(experiment: Experiment, index: number, of: number): void
  progress?(experiment: Experiment, done: number, doing: Text): void
  finished?(result: Result): void
}

/** Runs the experiments one after another. `report.json` is written anew after each, so that an end at any time leaves what there is. */
export async function run(options: RunOptions): Promise<Report> {
  const { experiments, preset, seed, out, command } = options
  const defaults = presetDefaults[preset]
  const { repeats = defaults.repeats, durationMs = defaults.durationMs, patienceMs = defaults.patienceMs } = options
  await mkdir(join(out, 'raw'), { recursive: true })
  const environment = await observeEnvironment()
  const began = Date.now()
  const results: Result[] = []
  const report = (): Report => {
    const startedAt = new Date(began).toISOString()
    return {
      version: 1,
      command,
      startedAt,
      ms: Date.now() - began,
      seed,
      preset,
      repeats,
      durationMs,
      environment,
      asked: experiments.length,
      results,
    }
  }
  for (const [index, experiment] of experiments.entries()) {
    options.watch?.started?.(experiment, index, experiments.length)
    const limits = { repeats, durationMs, patienceMs, limitMs: defaults.limitMs }
    const result = await runOne(experiment, { ...options, ...limits })
    results.push(result)
    options.watch?.finished?.(result)
    await writeFile(join(out, 'report.json'), `${JSON.stringify(report(), null, 1)}\n`)
    if (options.signal.aborted) break
  }
  return report()
}

type Limits = Pick<Lab, 'repeats' | 'durationMs' | 'patienceMs'> & { readonly limitMs: number }

async function runOne(experiment: Experiment, options: RunOptions & Limits): Promise<Result> {
  const began = performance.now()
  const elapsed = () => Math.round(performance.now() - began)
  const tooLong = AbortSignal.timeout(options.limitMs)
  await using raw = rawData(join(options.out, 'raw', `${experiment.id}.ndjson`))
  const lab = labFor(experiment, { ...options, raw, signal: AbortSignal.any([options.signal, tooLong]) })
  try {
    return resultOf(experiment, await experiment.run(lab), elapsed())
  } catch (error) {
    if (options.signal.aborted) return noResult(experiment, 'interrupted', words.stopped.en, elapsed())
    const why = tooLong.aborted
      ? `no end within ${options.limitMs / 1000} s`
      : error instanceof Error
        ? error.message
        : String(error)
    raw.write({ error: error instanceof Error ? error.stack : why })
    return noResult(experiment, 'could-not-run', why, elapsed())
  }
}

function labFor(experiment: Experiment, options: Omit<RunOptions, keyof Limits> & Limits & { raw: RawData }): Lab {
  const { seed, preset, repeats, durationMs, patienceMs, signal, raw, watch } = options
  return {
    seed,
    preset,
    repeats,
    durationMs,
    patienceMs,
    signal,
    startCluster: options.startCluster ?? startCluster,
    random: (name) => seededRandom(seed, `${experiment.id}:${name}`),
    size: (sizes) => sizes[preset],
    record: (row) => raw.write(row),
    progress: (done, doing) => watch?.progress?.(experiment, done, doing),
  }
}
