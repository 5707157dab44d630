import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { startCluster, startSpring } from '@session-cluster/cluster'
import type { Broken } from './broken/index.ts'
import { observeEnvironment } from './environment.ts'
import type { Experiment, Lab } from './experiment.ts'
import type { Text } from './language.ts'
import { type Preset, presetDefaults } from './preset.ts'
import { type Recording, recording } from './raw-data.ts'
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
  /** See `Lab`. @default the tutorial's program, where this machine can */
  readonly startSpring?: Lab['startSpring']
  /** What is wrong on purpose, by experiment: every claim should fail. @default nothing */
  readonly broken?: Readonly<Record<string, Broken>>
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

/** Runs the experiments one after another. `report.json` is written again after each, so that an end at any time leaves what there is. */
export async function run(options: RunOptions): Promise<Report> {
  const { experiments, preset, seed, out, command } = options
  const defaults = presetDefaults[preset]
  const { repeats = defaults.repeats, durationMs = defaults.durationMs, patienceMs = defaults.patienceMs } = options
  const files = filesOf(out, options.broken ? 'broken' : undefined)
  await mkdir(files.raw, { recursive: true })
  const environment = await observeEnvironment()
  const began = Date.now()
  const results: Result[] = []
  const report = (): Report => {
    const startedAt = new Date(began).toISOString()
    return {
      version: 2,
      ...(options.broken && { against: 'broken' as const }),
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
    const wrong = options.broken?.[experiment.id]
    const { when, ...instead } = wrong ?? {}
    const result = await runOne(wrong?.experiment ?? experiment, { ...options, ...limits, ...instead })
    results.push(when ? { ...result, broken: when } : result)
    options.watch?.finished?.(result)
    await writeFile(files.report, `${JSON.stringify(report(), null, 1)}\n`)
    if (options.signal.aborted) break
  }
  return report()
}

/** Where a run leaves its report and its histories. A run against what is broken lies beside the other, in the same folder. */
export const filesOf = (out: string, against?: Report['against']) =>
  against === 'broken'
    ? { report: join(out, 'broken.json'), raw: join(out, 'raw-broken') }
    : { report: join(out, 'report.json'), raw: join(out, 'raw') }

type Limits = Pick<Lab, 'repeats' | 'durationMs' | 'patienceMs'> & { readonly limitMs: number }

async function runOne(experiment: Experiment, options: RunOptions & Limits): Promise<Result> {
  const began = performance.now()
  const elapsed = () => Math.round(performance.now() - began)
  const tooLong = AbortSignal.timeout(options.limitMs)
  const { seed, preset, repeats, durationMs, patienceMs } = options
  const settings = { experiment: experiment.id, seed, preset, repeats, durationMs, patienceMs }
  await using raw = recording(
    join(filesOf(options.out, options.broken ? 'broken' : undefined).raw, `${experiment.id}.ndjson`),
    settings,
  )
  const signal = AbortSignal.any([options.signal, tooLong])
  try {
    await experiment.run(labFor(experiment, { ...options, raw, signal }))
    raw.end()
    return resultOf(experiment, experiment.judge(raw.history()), elapsed())
  } catch (error) {
    if (options.signal.aborted) return noResult(experiment, 'interrupted', words.stopped.en, elapsed())
    const why = tooLong.aborted
      ? `no end within ${options.limitMs / 1000} s`
      : error instanceof Error
        ? error.message
        : String(error)
    raw.write({ step: 'error', error: error instanceof Error ? error.stack : why })
    return noResult(experiment, 'could-not-run', why, elapsed())
  }
}

function labFor(experiment: Experiment, options: Omit<RunOptions, keyof Limits> & Limits & { raw: Recording }): Lab {
  const { seed, preset, repeats, durationMs, patienceMs, signal, raw, watch } = options
  return {
    seed,
    preset,
    repeats,
    durationMs,
    patienceMs,
    signal,
    startCluster: options.startCluster ?? startCluster,
    startSpring: options.startSpring ?? startSpring,
    random: (name) => raw.history().random(name),
    size: (sizes) => sizes[preset],
    record: (row) => raw.write(row as Readonly<Record<string, unknown>> & typeof row),
    history: () => raw.history(),
    progress: (done, doing) => watch?.progress?.(experiment, done, doing),
  }
}
