import { mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type History, loadHistory, saveHistory } from '../faults/history.ts'
import { judge } from '../faults/judge.ts'
import { mutantsTable, runMutants } from '../faults/mutation.ts'
import { runFaults } from '../faults/run.ts'
import { faultsTable, usersTable } from '../faults/table.ts'
import { environment } from '../measure/environment.ts'
import { UsageError } from '../options.ts'
import { resultsFolder } from '../report/result.ts'
import type { SoakOptions, SoakOutcome } from './soak.ts'

/** Where the histories of the last long run are kept. */
const historiesFolder = join(resultsFolder, 'soak-faults')

/** Clients and faults for as long as was asked, in runs of their own of at most so long: a session's life is short, too. */
const RUN_MS = 5 * 60_000

/** Few requests a second for the long run, so that its histories stay small; many for the short one. */
const PACE = { long: { faultMs: 2_000, calmMs: 1_000, restMs: 200 }, quick: { faultMs: 500, calmMs: 200, restMs: 20 } }

/** Runs clients against real processes under faults, over and over; keeps what happened, and then judges what was kept. */
export async function soakFaults({ quick, seed, minutes, judged, mutants, say }: SoakOptions): Promise<SoakOutcome> {
  if (mutants) return tryMutants(seed, say)
  if (judged.length > 0) return outcomeOf(judged)
  if (quick) return verdictOf([await runFaults({ seed, forMs: 0, ...PACE.quick, say })])
  await rm(historiesFolder, { recursive: true, force: true })
  await mkdir(historiesFolder, { recursive: true })
  const end = performance.now() + minutes * 60_000
  for (let run = seed; performance.now() < end; run++) {
    const forMs = Math.min(RUN_MS, end - performance.now())
    const history = await runFaults({ seed: run, forMs, ...PACE.long, say })
    await saveHistory(join(historiesFolder, `seed-${String(run).padStart(3, '0')}.jsonl.gz`), history)
    say(`seed ${run}: ${history.visits.length} requests, ${judge(history).length} violations`)
  }
  return outcomeOf([historiesFolder])
}

/** Whether the checker finds what is broken, and nothing where nothing is. */
async function tryMutants(seed: number, say: (line: string) => void): Promise<SoakOutcome> {
  const [control, ...found] = await runMutants(seed, say)
  const failed = found.filter(({ isFound }) => !isFound).map(({ broken }) => `not found: ${broken}`)
  if (control?.isFound) failed.push(`found without any reason: ${control.how}`)
  const env = environment(['fastify', 'ioredis'])
  const all = control ? [control, ...found] : found
  return { name: 'faults-mutants', text: mutantsTable(all), json: { environment: env, found: all }, failed }
}

/** What is to be said of histories that were kept: files, or folders of them. */
async function outcomeOf(paths: readonly string[]): Promise<SoakOutcome> {
  try {
    const files = await Promise.all(paths.map(filesOf))
    return verdictOf(await Promise.all(files.flat().map(loadHistory)))
  } catch (error) {
    throw new UsageError(`--judge: ${(error as Error).message}`)
  }
}

/** What the documents must say of the last long run, from its histories alone. */
export async function keptFaults(): Promise<{ text: string; failed: readonly string[]; usersTable: string }> {
  const histories = await Promise.all((await filesOf(historiesFolder)).map(loadHistory))
  return { ...verdictOf(histories), usersTable: usersTable(histories) }
}

async function filesOf(path: string): Promise<string[]> {
  if (path.endsWith('.gz')) return [path]
  return (await readdir(path)).sort().map((name) => join(path, name))
}

function verdictOf(histories: readonly History[]): SoakOutcome {
  const failed = histories.flatMap((history) =>
    judge(history).map(({ what, visit }) => `seed ${history.seed}: ${what}: ${JSON.stringify(visit)}`),
  )
  const sum = (of: (history: History) => number): number => histories.reduce((total, each) => total + of(each), 0)
  const visits = sum((history) => history.visits.length)
  const faults = sum((history) => history.faults.length)
  const minutes = (sum(({ visits }) => visits.at(-1)?.doneAt ?? 0) / 60_000).toFixed(1)
  const counts = `${histories.length} runs, ${visits} requests, ${faults} faults, ${failed.length} violations`
  return {
    text: `${minutes} minutes, ${counts}\n\n${faultsTable(histories)}`,
    json: {
      environment: environment(['fastify', 'ioredis']),
      seeds: histories.map(({ seed }) => seed),
      minutes: Number(minutes),
      visits,
      faults,
      failed,
    },
    failed,
  }
}
