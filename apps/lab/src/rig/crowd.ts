import type { VirtualUser, Visit } from '@session-cluster/cluster/load'
import type { Lab } from '../experiment.ts'
import type { Text } from '../language.ts'
import { openLoop, poissonSchedule } from '../load/open-loop.ts'
import { integer } from '../random.ts'

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

/** Users visit at random while, a third into the stretch, the incident happens. Gaps and users come from the seed. */
export async function visitsDuring(
  lab: Lab,
  users: readonly VirtualUser[],
  perSecond: number,
  incident: Incident,
): Promise<Stretch> {
  const random = lab.random(`crowd:${incident.name.en}`)
  const schedule = poissonSchedule({ perSecond, durationMs: lab.durationMs, random })
  const who = schedule.map(() => users[integer(random, users.length)] as VirtualUser)
  const trigger = schedule.findIndex((dueMs) => dueMs >= lab.durationMs / 3)
  const began = performance.now()
  let happened: Promise<Stretch['incident']> | undefined
  const happen = async () => {
    const atMs = performance.now() - began
    await incident.happen()
    return { name: incident.name, atMs, effectiveMs: performance.now() - began }
  }
  const samples = await openLoop(
    schedule,
    (index) => {
      if (index === trigger) {
        happened = happen()
        happened.catch(() => {}) // Awaited below.
      }
      return (who[index] as VirtualUser).visit()
    },
    lab,
  )
  const effect = await (happened ?? happen())
  for (const { dueMs, latencyMs, result } of samples)
    lab.record({ step: incident.name.en, dueMs, latencyMs, ...result })
  const visits = samples.map(({ sentMs, latencyMs, result }) => ({ atMs: sentMs, latencyMs, visit: result }))
  return { visits, incident: effect, lengthMs: Math.max(performance.now() - began, lab.durationMs) }
}
