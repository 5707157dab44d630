import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { type Command, UsageError } from './arguments.ts'
import type { Experiment } from './experiment.ts'
import { progressOn, resultLine } from './progress.ts'
import { reportPage } from './report/page.ts'
import { writeSummary } from './report/summary.ts'
import { exitCodeOf, type Report, reproducible } from './results.ts'
import { run, type Watcher } from './run.ts'

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
        experiments.map(({ run: _, ...experiment }) => experiment),
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
  await makeFolder(join(out, 'raw'))
  const bar = progressOn(around.stderr, around.env)
  const watch: Watcher = {
    ...bar,
    finished(result) {
      bar.finished?.(result)
      if (!command.json) around.stdout.write(`${resultLine(result, around.stdout, around.env)}\n`)
    },
  }
  const report = await run({ ...command, experiments, out, watch, signal: around.signal, command: typed(command) })
  await writeFile(join(out, 'report.html'), await reportPage(report))
  around.stdout.write(command.json ? `${JSON.stringify(report, null, 1)}\n` : `\nreport: ${join(out, 'report.html')}\n`)
  return exitCodeOf(report)
}

/** Draws `report.html` again from `report.json`, and the summary where one is asked for. */
export async function reportCommand({ from, summary }: Of<'report'>, around: Surroundings): Promise<number> {
  const folder = resolve(from ?? (await latest(around.runsFolder)))
  const report = await readReport(folder)
  await writeFile(join(folder, 'report.html'), await reportPage(report))
  around.stdout.write(`${join(folder, 'report.html')}\n`)
  if (summary !== undefined) {
    await makeFolder(resolve(summary))
    await writeSummary(report, resolve(summary))
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

function typed({ ids, preset, seed, repeats, durationMs }: Of<'run'>): string {
  const options = [
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

async function readReport(folder: string): Promise<Report> {
  const path = join(folder, 'report.json')
  const source = await readFile(path, 'utf8').catch(() => {
    throw new UsageError(`there is no ${path}`)
  })
  try {
    const report = JSON.parse(source) as Report
    if (report.version === 1) return report
  } catch {
    // Said below.
  }
  throw new UsageError(`${path} is no report of this lab`)
}
