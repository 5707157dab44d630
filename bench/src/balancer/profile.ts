import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { BenchOptions } from '../options.ts'
import { table } from '../report/table.ts'
import { type Bench, enter, jobOf } from './entrant.ts'
import { scenarioOf, USUAL } from './scenarios.ts'
import { startOurs } from './start.ts'

/** Shares of ours' CPU time, by where it is spent; empty without perf. */
export type Profile = Readonly<Record<string, number>>

/** Where ours, `direct`, spends a request's CPU time: perf's samples, with the names that V8 tells it. */
export async function profileOurs(bench: Bench, options: BenchOptions): Promise<Profile> {
  if (!hasPerf()) return {}
  await using stack = new AsyncDisposableStack()
  const contender = {
    ...{ id: 'ours-direct', title: 'ours, direct', affinity: true, scenarios: [USUAL], warmUp: 60_000 },
    start: (nodes: readonly number[]) => startOurs('direct', nodes, ['--perf-basic-prof']),
  }
  const entrant = await enter(contender, bench, stack, options)
  const folder = await mkdtemp(join(tmpdir(), 'bench-perf-'))
  const file = join(folder, 'perf.data')
  const args = ['record', '-e', 'cpu-clock', '-F', '2500', '-o', file, '-p', String(entrant.running.pid)]
  const perf = spawn('perf', args, { stdio: 'ignore' })
  await pause(500)
  await bench.load.run(jobOf(entrant, scenarioOf(USUAL), options.requests * 5))
  perf.kill('SIGINT')
  await once(perf, 'exit')
  const report = ['report', '-i', file, '--stdio', '-t', '|', '--sort', 'dso,symbol']
  const text = execFileSync('perf', report, {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  await rm(folder, { recursive: true, force: true })
  options.say('profile: ours, direct')
  return parsePerf(text)
}

function hasPerf(): boolean {
  try {
    execFileSync('perf', ['stat', '-e', 'cpu-clock', 'true'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

/** The samples of `perf report --sort dso,symbol -t '|'`, gathered by whose code they fell into. */
export function parsePerf(text: string): Record<string, number> {
  const shares: Record<string, number> = {}
  for (const line of text.split('\n')) {
    const [percent = '', object = '', symbol = ''] = line.split('|')
    if (!/^ *[\d.]+%/.test(percent)) continue
    const place = placeOf(object.trim(), symbol.trim())
    shares[place] = (shares[place] ?? 0) + Number.parseFloat(percent)
  }
  return Object.fromEntries(Object.entries(shares).toSorted((a, b) => b[1] - a[1]))
}

function placeOf(object: string, symbol: string): string {
  if (object.startsWith('[kernel') || symbol.startsWith('[k]')) return 'the kernel: sockets, loopback, waking up'
  const ours = /packages\/balancer\/src\/([\w-]+)/.exec(symbol)?.[1]
  if (ours) return `ours: ${ours}`
  if (/ node:/.test(symbol)) return "Node's JavaScript: http, net, streams, timers"
  if (symbol.includes('RegExp.')) return 'regular expressions, ours and Node’s'
  if (symbol.includes('Builtins_')) return "V8's built-ins: strings, maps, calls"
  if (symbol.includes('llhttp') || symbol.includes('http_parser')) return "Node's parser of requests"
  if (/Scavenge|Mark|Sweep|Heap|Evacuat|Garbage|Worklist/.test(symbol)) return 'collecting garbage'
  return "Node's, V8's and libuv's C++, libc"
}

/** One line a place. */
export function profileTable(profile: Profile): string {
  const rows = Object.entries(profile).map(([place, share]) => [place, share.toFixed(1)])
  if (rows.length === 0) return 'No profile: perf is not installed, or may not look.'
  return table([`ours, direct, ${USUAL}: where CPU time goes`, '%'], rows, [1])
}
