import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { endWithUs, stopChild } from '../measure/stop-child.ts'
import { table } from '../report/table.ts'

/** What a near cache costs beside the requests it serves. */
export interface NearCacheCosts {
  /** CPU of a server that serves nobody while others write, µs for each write, beyond what it takes while nobody writes. */
  readonly usPerInvalidation: number
  readonly writesPerSecond: number
  readonly sessions: number
  /** What the heap grew by, for each session that was read into memory, bytes. */
  readonly bytesPerSession: number
  /** What the near cache itself reckons for all of them, and what it may take. */
  readonly reckonedBytes: number
  readonly maxBytes: number
  /** Sessions that it holds when it may hold a tenth of them. */
  readonly heldOfTenth: number
  readonly bytesOfTenth: number
}

/** Measures both in a process of their own. */
export async function nearCacheCosts(redisUrl: string): Promise<NearCacheCosts> {
  const file = fileURLToPath(new URL('servers/near-cache.ts', import.meta.url))
  const child = endWithUs(
    fork(file, {
      stdio: ['ignore', 2, 2, 'ipc'],
      env: { ...process.env, REDIS_URL: redisUrl },
      execArgv: ['--expose-gc', '--disable-warning=ExperimentalWarning'],
    }),
  )
  try {
    const [costs] = (await once(child, 'message')) as [NearCacheCosts]
    return costs
  } finally {
    await stopChild(child)
  }
}

/** The costs, in a table. */
export function costsTable(costs: NearCacheCosts): string {
  const { usPerInvalidation, writesPerSecond, sessions, bytesPerSession, reckonedBytes, maxBytes } = costs
  const mib = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`
  return table(
    ['near cache', 'measured'],
    [
      [`CPU of another server at ${writesPerSecond} writes/s`, `${usPerInvalidation.toFixed(1)} µs for each write`],
      [`heap for each of ${sessions} sessions in memory`, `${Math.round(bytesPerSession)} bytes`],
      ['… all of them, as reckoned, and as allowed', `${mib(reckonedBytes)} of ${mib(maxBytes)}`],
      ['… allowed a tenth of that', `${costs.heldOfTenth} sessions, ${mib(costs.bytesOfTenth)}`],
    ],
  )
}
