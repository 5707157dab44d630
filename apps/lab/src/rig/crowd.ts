import type { VirtualUser, Visit } from '@session-cluster/visitor'
import { integer } from '@session-cluster/visitor'
import type { Lab } from '../experiment.ts'
import type { Text } from '../language.ts'
import { openLoop, poissonSchedule } from '../load/open-loop.ts'

/** What happens to the cluster in the middle of a stretch of load. */
export interface Incident {
  readonly name: Text
  /** Does it; resolves when it has taken effect. */
  happen(): Promise<unknown>
}

/** A stretch of visits in which something happened. All times in milliseconds from its start. */
export interface Stretch {
  readonly visits: readonly { readonly atMs: number; readonly latencyMs: number; readonly visit: Visit }[]
  readonly incident: { readonly name: Text; readonly atMs: number; readonly effectiveMs: number }
  readonly lengthMs: number
}

/** Users visit at random while, a third into the stretch, the incident happens, and for a third after it has. Gaps and users come from the seed. */
export async function visitsDuring(
  lab: Lab,
  users: readonly VirtualUser[],
  perSecond: number,
  incident: Incident,
): Promise<Stretch> {
  const random = lab.random(`crowd:${incident.name.en}`)
  const began = performance.now()
  const visits: Stretch['visits'][number][] = []
  const visitFor = async (durationMs: number) => {
    const offset = performance.now() - began
    const schedule = poissonSchedule({ perSecond, durationMs, random })
    const who = schedule.map(() => users[integer(random, users.length)] as VirtualUser)
    for (const { sentMs, latencyMs, result } of await openLoop(
      schedule,
      (index) => (who[index] as VirtualUser).visit(),
      lab,
    )) {
      visits.push({ atMs: offset + sentMs, latencyMs, visit: result })
      lab.record({ step: incident.name.en, atMs: offset + sentMs, latencyMs, ...result })
    }
  }
  await visitFor(lab.durationMs / 3)
  const atMs = performance.now() - began
  let effectiveMs: number | undefined
  const happening = incident.happen().then(() => {
    effectiveMs = performance.now() - began
  })
  happening.catch(() => {}) // Awaited below.
  do await visitFor(lab.durationMs / 3)
  while (effectiveMs === undefined && !(await settled(happening)))
  await happening
  await visitFor(lab.durationMs / 3)
  const effect = { name: incident.name, atMs, effectiveMs: effectiveMs ?? Number.NaN }
  return { visits, incident: effect, lengthMs: performance.now() - began }
}

/** Whether a promise has come to an end by now, a bad one included. */
function settled(promise: Promise<unknown>): Promise<boolean> {
  const over = () => true
  return Promise.race([promise.then(over, over), Promise.resolve(false)])
}
