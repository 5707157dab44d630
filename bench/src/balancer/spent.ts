import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { processTree } from '../measure/schedstat.ts'
import type { BenchOptions } from '../options.ts'
import { table } from '../report/table.ts'
import type { Contender } from './contenders.ts'
import { type Bench, type Entrant, enter, jobOf } from './entrant.ts'
import { scenarioOf, scenarios, USUAL } from './scenarios.ts'

/** What a request costs a contender besides CPU time, all of one request. */
export interface Spent {
  readonly contender: string
  /** By name; empty without strace. */
  readonly systemCalls: Readonly<Record<string, number>>
  /** How often it slept and was woken, by scenario: few clients at once leave it nothing to do between two requests. */
  readonly wakeUps: Readonly<Record<string, number>>
}

/** Counts system calls and wake-ups, each contender once: counts hardly differ from run to run. */
export async function spend(contenders: readonly Contender[], bench: Bench, options: BenchOptions): Promise<Spent[]> {
  const spent: Spent[] = []
  for (const contender of contenders) {
    await using stack = new AsyncDisposableStack()
    const entrant = await enter(contender, bench, stack, options, options.quick ? 400 : 6000)
    const wakeUps: Record<string, number> = {}
    for (const scenario of scenarios) {
      const before = sleeps(entrant.running.pid)
      await bench.load.run(jobOf(entrant, scenario, options.requests))
      wakeUps[scenario.id] = (sleeps(entrant.running.pid) - before) / options.requests
    }
    spent.push({ contender: contender.title, systemCalls: await systemCalls(entrant, bench, options), wakeUps })
    options.say(`system calls: ${contender.title}`)
  }
  return spent
}

/** How often the process, its children and their threads gave up their core because they had nothing to do. */
function sleeps(root: number): number {
  const threads = processTree(root).flatMap((pid) =>
    readdirSync(`/proc/${pid}/task`).map((id) => `/proc/${pid}/task/${id}`),
  )
  return threads.reduce((sum, thread) => {
    const count = /^voluntary_ctxt_switches:\t(\d+)$/m.exec(readFileSync(`${thread}/status`, 'utf8'))?.[1]
    return sum + Number(count ?? 0)
  }, 0)
}

async function systemCalls(entrant: Entrant, { load }: Bench, { requests }: BenchOptions) {
  const strace = ['/usr/bin/strace', '/usr/local/bin/strace'].find((path) => existsSync(path))
  if (!strace) return {}
  const folder = await mkdtemp(join(tmpdir(), 'bench-strace-'))
  const file = join(folder, 'counts')
  const pids = processTree(entrant.running.pid).flatMap((pid) => ['-p', String(pid)])
  const child = spawn(strace, ['-f', '-c', '-o', file, ...pids], { stdio: 'ignore' })
  while (processTree(entrant.running.pid).some((pid) => !isTraced(pid))) await pause(20)
  await load.run(jobOf(entrant, scenarioOf(USUAL), requests))
  child.kill('SIGINT')
  await once(child, 'exit')
  const text = readFileSync(file, 'utf8')
  await rm(folder, { recursive: true, force: true })
  return parseStrace(text, requests)
}

const isTraced = (pid: number): boolean => !/^TracerPid:\t0$/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))

/** System calls of one request by name, from the table of `strace -c`; those of fewer than one in fifty requests are left out. */
export function parseStrace(text: string, requests: number): Record<string, number> {
  const rows = [...text.matchAll(/^ *[\d.]+ +[\d.]+ +\d+ +(\d+) +(?:\d+ +)?(\w+)$/gm)]
  const calls = rows.map(([, count, name]): [string, number] => [name as string, Number(count) / requests])
  return Object.fromEntries(
    calls.filter(([name, each]) => name !== 'total' && each >= 0.02).toSorted((a, b) => b[1] - a[1]),
  )
}

/** System calls, and requests per wake-up by scenario. */
export function spentTable(spent: readonly Spent[]): string {
  const ids = scenarios.map(({ id }) => id)
  const calls = spent.map(({ contender, systemCalls }) => {
    const all = Object.values(systemCalls).reduce((sum, each) => sum + each, 0)
    const named = Object.entries(systemCalls).map(([name, each]) => `${name} ${each.toFixed(2)}`)
    return [contender, all === 0 ? 'no strace here' : all.toFixed(1), named.join(', ')]
  })
  const perWakeUp = spent.map(({ contender, wakeUps }) => [
    contender,
    ...ids.map((id) => (1 / Math.max(wakeUps[id] ?? 0, 1e-3)).toFixed(1)),
  ])
  return [
    table([`system calls, ${USUAL}`, 'a request', 'of them'], calls, [1]),
    table(
      ['requests per wake-up', ...ids],
      perWakeUp,
      ids.map((_, at) => at + 1),
    ),
  ].join('\n\n')
}
