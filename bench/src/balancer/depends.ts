import { median, seededRandom, shuffled } from '@session-cluster/visitor'
import { CORES, pin } from '../measure/pin.ts'
import { cpuPerRequest } from '../measure/slice.ts'
import type { BenchOptions } from '../options.ts'
import { table } from '../report/table.ts'
import type { Contender } from './contenders.ts'
import { type Bench, type Entrant, enter, jobOf } from './entrant.ts'
import { scenarioOf, USUAL } from './scenarios.ts'

/** µs of CPU for a request under one circumstance, by contender; medians over the turns. */
export interface Depends {
  readonly circumstance: string
  readonly us: Readonly<Record<string, number>>
}

const OURS = 'ours-direct'
const COMPARED = ['nginx', 'haproxy', OURS]
/** Requests behind it when it is measured. */
const SLICE = 1000
const WARM_UPS = [0, 2000, 10_000, 30_000, 60_000]

/** What the ratio depends on besides size and connections: who shares a core with whom, and how warm V8 is. */
export async function measureDepends(
  contenders: readonly Contender[],
  bench: Bench,
  options: BenchOptions,
): Promise<Depends[]> {
  const found = new Map<string, Record<string, number[]>>()
  const compared = contenders.filter(({ id }) => COMPARED.includes(id))
  const random = seededRandom(options.seed)
  for (let turn = 0; turn < (options.quick ? 1 : 3); turn++) {
    await using stack = new AsyncDisposableStack()
    const entrants = new Map<string, Entrant>()
    for (const contender of shuffled(compared, random)) {
      const entrant = await enter(contender, bench, stack, options, 0)
      entrants.set(contender.id, entrant)
      let served = 0
      for (const after of options.quick ? [0] : WARM_UPS) {
        // The others compile nothing: they are measured at the same moments only.
        if (after > served && contender.id === OURS)
          await bench.load.run(jobOf(entrant, scenarioOf(USUAL), after - served))
        const us = await slice(entrant, bench, SLICE)
        note(found, `${after.toLocaleString('en')} requests after the start`, contender.id, us)
        served = after + SLICE
      }
    }
    if (bench.isPinned) await shareCores(found, entrants, bench, options)
    options.say(`what it depends on: turn ${turn + 1}`)
  }
  return [...found].map(([circumstance, us]) => ({
    circumstance,
    us: Object.fromEntries(Object.entries(us).map(([id, values]) => [id, median(values)])),
  }))
}

const SHARINGS: readonly [string, number | string][] = [
  ['a core each for it and for load and nodes', CORES.measured],
  ['one core for all', CORES.load],
  ['load and nodes on one core, it wherever it likes', `${CORES.measured},${CORES.load}`],
]

async function shareCores(
  found: Map<string, Record<string, number[]>>,
  entrants: ReadonlyMap<string, Entrant>,
  bench: Bench,
  options: BenchOptions,
): Promise<void> {
  for (const [circumstance, cores] of SHARINGS) {
    for (const [id, entrant] of entrants) {
      pin(entrant.running.pid, cores)
      note(found, circumstance, id, await slice(entrant, bench, options.requests / 2))
    }
  }
}

const slice = (entrant: Entrant, { load }: Bench, requests: number): Promise<number> =>
  cpuPerRequest(entrant.running.pid, load, jobOf(entrant, scenarioOf(USUAL), requests))

function note(found: Map<string, Record<string, number[]>>, circumstance: string, id: string, us: number): void {
  const values = found.get(circumstance) ?? {}
  values[id] = [...(values[id] ?? []), us]
  found.set(circumstance, values)
}

/** One line a circumstance. */
export function dependsTable(depends: readonly Depends[]): string {
  const rows = depends.map(({ circumstance, us }) => {
    const [nginx = Number.NaN, haproxy = Number.NaN, ours = Number.NaN] = COMPARED.map((id) => us[id])
    return [
      circumstance,
      ...[nginx, haproxy, ours].map((each) => each.toFixed(1)),
      (ours / nginx).toFixed(2),
      (ours / haproxy).toFixed(2),
    ]
  })
  const heading = [`µs CPU, ${USUAL}`, 'nginx', 'HAProxy', 'ours, direct', '× nginx', '× HAProxy']
  return table(heading, rows, [1, 2, 3, 4, 5])
}
