import type { VirtualUser } from '@session-cluster/visitor'
import { integer } from '@session-cluster/visitor'
import type { Recorder } from '../experiment.ts'
import { type History, rowsOf } from '../history.ts'
import { openLoop, poissonSchedule } from '../load/open-loop.ts'
import { told, type VisitRow, visitsIn } from './users.ts'

/** What happens to the cluster in the middle of a stretch of load. */
export interface Incident {
  /** The part of the experiment, as rows have it. */
  readonly during: string
  /** Does it; resolves when it has taken effect. */
  happen(): Promise<unknown>
}

/** When the fault of a stretch began, when it had taken effect and how long the stretch was, in milliseconds from its start. */
export interface IncidentRow {
  readonly step: 'incident'
  readonly during: string
  readonly atMs: number
  readonly effectiveMs: number
  readonly lengthMs: number
}

/** A stretch of visits in which something happened, as a history has it. */
export interface Stretch {
  readonly visits: readonly VisitRow[]
  readonly incident: IncidentRow
}

/** Users visit at random while, a third into the stretch, the incident happens, and for a third after it has. Gaps and users come from the seed. */
export async function visitsDuring(
  lab: Recorder<VisitRow | IncidentRow>,
  users: readonly VirtualUser[],
  perSecond: number,
  { during, happen }: Incident,
): Promise<void> {
  const random = lab.random(`crowd:${during}`)
  const began = performance.now()
  const visitFor = async (durationMs: number) => {
    const offset = performance.now() - began
    const schedule = poissonSchedule({ perSecond, durationMs, random })
    const who = schedule.map(() => users[integer(random, users.length)] as VirtualUser)
    const samples = await openLoop(schedule, (index) => (who[index] as VirtualUser).visit(), lab)
    for (const { sentMs, latencyMs, result } of samples)
      lab.record({ step: 'visit', during, atMs: offset + sentMs, latencyMs, ...told(result) })
  }
  await visitFor(lab.durationMs / 3)
  const atMs = performance.now() - began
  let effectiveMs: number | undefined
  const happening = happen().then(() => {
    effectiveMs = performance.now() - began
  })
  happening.catch(() => {}) // Awaited below.
  do await visitFor(lab.durationMs / 3)
  while (effectiveMs === undefined && !(await settled(happening)))
  await happening
  await visitFor(lab.durationMs / 3)
  const lengthMs = performance.now() - began
  lab.record({ step: 'incident', during, atMs, effectiveMs: effectiveMs ?? lengthMs, lengthMs })
}

/** One stretch out of a history. */
export function stretchIn(history: Pick<History, 'rows'>, during: string): Stretch {
  const incident = rowsOf<IncidentRow>(history, 'incident').find((each) => each.during === during)
  if (!incident) throw new Error(`the history has no incident ${during}`)
  // What the same part asked in quiet, outside of the stretch, has no time on its axis.
  return { visits: visitsIn(history, during).filter(({ atMs }) => atMs !== undefined), incident }
}

/** From the first to the last answer that was an error, in milliseconds; 0 when none was. */
export function errorWindow({ visits }: Stretch): number {
  const failed = visits
    .filter(({ outcome }) => outcome === 'error')
    .map(({ atMs = 0, tookMs }) => [atMs, atMs + tookMs])
  if (failed.length === 0) return 0
  return Math.max(...failed.map(([, to = 0]) => to)) - Math.min(...failed.map(([from = 0]) => from))
}

/** Whether a promise has come to an end by now, a bad one included. */
function settled(promise: Promise<unknown>): Promise<boolean> {
  const over = () => true
  return Promise.race([promise.then(over, over), Promise.resolve(false)])
}
