import { judge } from '../faults/judge.ts'
import { runFaults } from '../faults/run.ts'
import { faultsTable } from '../faults/table.ts'
import { environment } from '../measure/environment.ts'
import type { SoakOptions, SoakOutcome } from './soak.ts'

/** Clients and faults for as long as was asked, in runs of their own of at most so long: a session's life is short, too. */
const RUN_MS = 5 * 60_000

/** Runs clients against real processes under faults, over and over, and judges what they saw. */
export async function soakFaults({ quick, seed, minutes, say }: SoakOptions): Promise<SoakOutcome> {
  const begun = performance.now()
  const end = begun + (quick ? 0 : minutes * 60_000)
  const tables: string[] = []
  const failed: string[] = []
  let visits = 0
  let faults = 0
  for (let run = 0; run === 0 || performance.now() < end; run++) {
    const forMs = quick ? 0 : Math.min(RUN_MS, end - performance.now())
    const history = await runFaults({
      seed: seed + run,
      forMs,
      faultMs: quick ? 500 : 2_000,
      calmMs: quick ? 200 : 1_000,
      say,
    })
    for (const { what, visit } of judge(history)) failed.push(`seed ${history.seed}: ${what}: ${JSON.stringify(visit)}`)
    visits += history.visits.length
    faults += history.faults.length
    tables.push(faultsTable(history))
  }
  const length = `${((performance.now() - begun) / 60_000).toFixed(1)} minutes`
  const text = `${length}, ${tables.length} runs, ${visits} requests, ${faults} faults, ${failed.length} violations\n\n${tables[0]}`
  return {
    text,
    json: { environment: environment(['fastify', 'ioredis']), length, visits, faults, failed, tables },
    failed,
  }
}
