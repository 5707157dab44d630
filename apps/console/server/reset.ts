import { isAlive, isShared, type ProcessState } from '@session-cluster/contract'
import { firstNodes, type LaneAction, type NodeAction } from '../wire/frame.ts'
import type { LaneFacts } from './facts.ts'
import { type ActionValue, callAdmin, type LaneHost } from './lane-host.ts'
import type { UpstreamFacts } from './watch.ts'

/** As much of a lane as a reset needs. */
interface Resettable {
  readonly host: LaneHost
  on: boolean
  readonly processes: { stateOf(node: string): ProcessState }
  readonly upstreams: readonly UpstreamFacts[]
  readonly slow: Map<string, number>
  readonly facts: LaneFacts
  /** The codec that the nodes had when the lane came up. */
  readonly firstCodec: LaneFacts['codec']
}

/** How long the balancer may take to see what was brought back, ms. */
const patienceMs = 30_000

/**
 * Brings a lane's Redis and servers back to how they were at the start, and ends every session. What cannot be done from here is left
 * as it is: somebody else's processes and Redis are not ours to end.
 */
export async function resetLane(lane: Resettable, progress: (done: number, of: number) => void): Promise<void> {
  lane.on = true
  const steps = stepsOf(lane)
  for (const [index, step] of steps.entries()) {
    progress(index, steps.length)
    await step()
  }
}

function stepsOf(lane: Resettable): (() => Promise<void>)[] {
  const { host, facts, firstCodec } = lane
  const can = (action: NodeAction | LaneAction) => host.disabled()[action] === undefined
  const onLane = (action: LaneAction, value: ActionValue & { node?: string } = {}) => host.actOnLane(action, value)
  const redis = host.stateOf('redis')
  const names = host.nodes().map(({ name }) => name)
  const extra = host.attached ? [] : names.filter((name) => !firstNodes.includes(name))
  const missing = host.attached ? [] : firstNodes.filter((name) => !names.includes(name))
  return [
    async () => {
      if (redis === 'frozen' && can('redis-thaw')) await onLane('redis-thaw')
      else if (redis !== undefined && !isAlive(redis) && can('redis-start')) await onLane('redis-start')
    },
    ...extra.map((node) => () => onLane('remove', { node })),
    ...names.filter((name) => !extra.includes(name)).map((name) => () => bringBack(lane, name)),
    ...missing.map(() => () => onLane('add')),
    async () => {
      if (firstCodec !== undefined && facts.codec !== firstCodec && can('codec'))
        await onLane('codec', { codec: firstCodec })
    },
    () => untilUp(lane),
    () => endSessions(lane),
  ]
}

/** Undoes whatever was done to a server. */
async function bringBack({ host, processes, upstreams, slow }: Resettable, name: string): Promise<void> {
  const disabled = host.disabled()
  const does = async (action: NodeAction, value: ActionValue = {}) => {
    if (disabled[action] === undefined) await host.actOnNode(name, action, value)
  }
  const upstream = upstreams.find((one) => one.name === name)
  if (upstream && upstream.weight !== 1) await does('weight', { weight: 1 })
  if (upstream && upstream.state !== 'up') await does('ready')
  if (processes.stateOf(name) === 'frozen') await does('thaw')
  else if (!isAlive(processes.stateOf(name))) await does('restart')
  if ((slow.get(name) ?? 0) > 0) await does('slow', { slowMs: 0 })
  slow.delete(name)
}

/** Waits until the balancer sees every server up. Somebody else's may be down for good: then there is nothing to wait for. */
async function untilUp(lane: Resettable): Promise<void> {
  if (lane.host.attached) return
  const deadline = performance.now() + patienceMs
  const up = () =>
    lane.host.nodes().every(({ name }) => lane.upstreams.some((one) => one.name === name && one.state === 'up'))
  while (!up()) {
    if (performance.now() > deadline) throw new Error('the balancer does not see every server up')
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

/** Ends every session that the servers keep; where all share them, one server ends all. */
async function endSessions({ host, processes }: Resettable): Promise<void> {
  const living = host.nodes().filter(({ name }) => isAlive(processes.stateOf(name)))
  const asked = isShared(host.mode) ? living.slice(0, 1) : living
  await Promise.all(
    asked.map(async ({ adminUrl }) => {
      for (;;) {
        const page = (await callAdmin(new URL('/sessions?limit=1000', adminUrl).href, host.adminToken)) as {
          readonly sessions: readonly { readonly handle: string }[]
        }
        if (page.sessions.length === 0) return
        for (const { handle } of page.sessions)
          await callAdmin(new URL(`/sessions/${handle}`, adminUrl).href, host.adminToken, { method: 'DELETE' }).catch(
            // Another one ended it first.
            () => undefined,
          )
      }
    }),
  )
}
