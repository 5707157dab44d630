import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { type Command, UsageError } from './arguments.ts'
import { broken } from './broken/index.ts'
import type { Experiment } from './experiment.ts'
import { readHistory } from './history.ts'
import { say } from './language.ts'
import { progressOn, resultLine } from './progress.ts'
import { reportPage } from './report/page.ts'
import { writeSummary } from './report/summary.ts'
import { endings } from './report/words.ts'
import { exitCodeOf, type Report, reproducible, resultOf } from './results.ts'
import { filesOf, run, type Watcher } from './run.ts'

/** What the commands need of the process around them. */
export interface Surroundings {
  readonly experiments: readonly Experiment[]
  readonly env: Readonly<Record<string, string | undefined>>
  readonly stdout: NodeJS.WriteStream
  readonly stderr: NodeJS.WriteStream
  readonly signal: AbortSignal
  /** Where runs go that name no folder of their own; absolute. */
  readonly runsFolder: string
}

type Of<Name extends Command['name']> = Extract<Command, { name: Name }>

/** The experiments, a line each. */
export function list({ json }: Of<'list'>, { experiments, stdout }: Surroundings): number {
  if (json)
    stdout.write(
      `${JSON.stringify(
        experiments.map(({ run: _, judge: __, ...experiment }) => experiment),
        null,
        1,
      )}\n`,
    )
  else for (const { id, title } of experiments) stdout.write(`${id.padEnd(4)} ${title.en}\n`)
  return 0
}

/** Runs experiments, writes `report.json`, `report.html` and `raw/`, and answers the exit code. */
export async function runCommand(command: Of<'run'>, around: Surroundings): Promise<number> {
  const experiments = chosen(command.ids, around.experiments)
  const out = resolve(command.out ?? join(around.runsFolder, new Date().toISOString().replaceAll(/[:.]/g, '-')))
  await makeFolder(out)
  const bar = progressOn(around.stderr, around.env)
  const watch: Watcher = {
    ...bar,
    finished(result) {
      bar.finished?.(result)
      if (!command.json) around.stdout.write(`${resultLine(result, around.stdout, around.env)}\n`)
    },
  }
  const { against, ...asked } = command
  const options = { ...asked, experiments, out, watch, signal: around.signal, command: typed(command) }
  const report = await run({ ...options, ...(against && { broken }) })
  const drawn = await drawIn(out)
  const left = drawn ?? filesOf(out, report.against).report
  around.stdout.write(command.json ? `${JSON.stringify(report, null, 1)}\n` : `\nreport: ${left}\n`)
  return exitCodeOf(report)
}

/** Judges each history of a run's folder again, and keeps what comes of it: a report says what its histories say. */
async function judgedAgain(folder: string, experiments: readonly Experiment[]): Promise<Report> {
  const report = await readReport(folder)
  const results = report.results.map((result) => {
    const experiment = experiments.find(({ id }) => id === result.id)
    const file = join(filesOf(folder).raw, `${result.id}.ndjson`)
    if (!experiment || result.error !== undefined || !existsSync(file)) return result
    return resultOf(experiment, experiment.judge(readHistory(file)), result.ms)
  })
  const judged = { ...report, results }
  await writeFile(filesOf(folder).report, `${JSON.stringify(judged, null, 1)}\n`)
  return judged
}

/** Draws the page of a run's folder, with what its run against the broken says. Answers its path; nothing where there was no run but that. */
async function drawIn(folder: string): Promise<string | undefined> {
  if (!existsSync(filesOf(folder).report)) return undefined
  const page = join(folder, 'report.html')
  await writeFile(page, await reportPage(await readReport(folder), await readBroken(folder)))
  return page
}

/** Judges stored histories again, each from its file alone: the checks, a line each, and the exit code of a run. */
export async function judgeCommand({ files, json }: Of<'judge'>, around: Surroundings): Promise<number> {
  const { experiments, stdout, env } = around
  const results = files.map((file) => {
    const history = readHistory(resolve(file))
    const experiment = experiments.find(({ id }) => id === history.settings.experiment)
    if (!experiment) throw new UsageError(`${file}: there is no experiment ${history.settings.experiment}`)
    return resultOf(experiment, experiment.judge(history), 0)
  })
  if (json) stdout.write(`${JSON.stringify(results, null, 1)}\n`)
  for (const result of json ? [] : results) {
    stdout.write(`${resultLine(result, stdout, env)}\n`)
    for (const { verdict, question, measured, expected, seen } of result.checks) {
      const here = seen === undefined ? '' : `; here ${say(seen, 'en')}`
      const found = `${say(measured, 'en')} (expected: ${say(expected, 'en')}${here})`
      stdout.write(`     ${endings[verdict].mark} ${question.en}: ${found}\n`)
    }
  }
  return exitCodeOf({ results, asked: files.length })
}

/** Judges a run's histories again and draws `report.html` from that, and the summary where one is asked for. */
export async function reportCommand({ from, summary }: Of<'report'>, around: Surroundings): Promise<number> {
  const folder = resolve(from ?? (await latest(around.runsFolder)))
  const report = await judgedAgain(folder, around.experiments)
  around.stdout.write(`${await drawIn(folder)}\n`)
  if (summary !== undefined) {
    await makeFolder(resolve(summary))
    await writeSummary(report, resolve(summary), { broken: await readBroken(folder), histories: filesOf(folder).raw })
    around.stdout.write(`${join(resolve(summary), 'README.md')}\n`)
  }
  return 0
}

/** Prints the verdicts and counts in which two runs differ: 0 when there are none, else 1. */
export async function compare({ reports }: Of<'compare'>, { stdout }: Surroundings): Promise<number> {
  const [left, right] = await Promise.all(
    reports.map(async (folder) => reproducible(await readReport(resolve(folder)))),
  )
  const only = (mine: string[] = [], theirs: string[] = []) => mine.filter((line) => !theirs.includes(line))
  const differences = [...only(left, right).map((line) => `- ${line}`), ...only(right, left).map((line) => `+ ${line}`)]
  stdout.write(differences.length ? `${differences.join('\n')}\n` : `same: ${left?.length} verdicts and counts\n`)
  return differences.length ? 1 : 0
}

function chosen(ids: readonly string[], experiments: readonly Experiment[]): readonly Experiment[] {
  const wanted = new Set(ids.map((id) => id.toLowerCase()))
  const known = new Set(['all', ...experiments.map(({ id }) => id.toLowerCase())])
  const unknown = ids.filter((id) => !known.has(id.toLowerCase()))
  if (unknown.length) {
    const all = experiments.map(({ id }) => id).join(' ')
    throw new UsageError(`no such experiment: ${unknown.map((id) => id || '""').join(', ')}; there are ${all}`)
  }
  return experiments.filter(({ id }) => wanted.has('all') || wanted.has(id.toLowerCase()))
}

function typed({ ids, preset, seed, repeats, durationMs, against }: Of<'run'>): string {
  const options = [
    against && `--against ${against}`,
    `--preset ${preset}`,
    `--seed ${seed}`,
    repeats && `--repeat ${repeats}`,
    durationMs && `--duration ${durationMs / 1000}`,
  ]
  return ['npm run lab -- run', ...ids, ...options].filter(Boolean).join(' ')
}

async function latest(runsFolder: string): Promise<string> {
  const runs = await readdir(runsFolder).catch(() => [])
  const last = runs.sort().at(-1)
  if (!last) throw new UsageError('there is no run yet: npm run lab -- run')
  return join(runsFolder, last)
}

async function makeFolder(path: string): Promise<void> {
  await mkdir(path, { recursive: true }).catch((error: Error) => {
    throw new UsageError(`a folder cannot be made: ${error.message}`)
  })
}

async function readReport(folder: string, file = filesOf(folder).report): Promise<Report> {
  const source = await readFile(file, 'utf8').catch(() => {
    throw new UsageError(`there is no ${file}`)
  })
  try {
    const report = JSON.parse(source) as Report
    if (report.version === 2) return report
  } catch {
    // Said below.
  }
  throw new UsageError(`${file} is no report of this lab`)
}

/** What a run's folder has of a run against the broken; nothing where there was none. */
async function readBroken(folder: string): Promise<Report | undefined> {
  const file = filesOf(folder, 'broken').report
  return existsSync(file) ? readReport(folder, file) : undefined
}
