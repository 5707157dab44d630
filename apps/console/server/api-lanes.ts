import { codecNames, isShared } from '@session-cluster/contract'
import type { FastifyInstance } from 'fastify'
import { applies } from '../wire/applies.ts'
import { laneActions, nodeActions } from '../wire/frame.ts'
import { Body } from './body.ts'
import { CallError } from './call-error.ts'
import type { Lane } from './lane.ts'
import type { Stage } from './stage.ts'

/** What can be done to lanes and nodes; `lane` is a lane's id, or `all`. Each call answers when it is done. */
export function laneRoutes(app: FastifyInstance, stage: Stage): void {
  app.post('/api/node', async (request) => {
    const body = new Body(request.body)
    const [node, action] = [body.text('node'), body.oneOf('action', nodeActions)]
    const value = {
      weight: body.optionalInteger('weight', 0, 1000),
      slowMs: body.optionalInteger('slowMs', 0, 10_000),
      freezeMs: body.optionalInteger('freezeMs', 100, 60_000),
    }
    const lanes = chosen(stage, body.text('lane')).filter((lane) => lane.host.nodes().some(({ name }) => name === node))
    if (lanes.length === 0) throw new CallError(`There is no node ${node}`, 404)
    // Asked of all lanes, it is done where it does anything; asked of one, that lane says why it cannot.
    const fitting = lanes.filter(({ processes }) => applies(action, { process: processes.stateOf(node) }))
    const acting = fitting.length > 0 ? fitting : lanes
    await inEach(acting, (lane) => lane.actOnNode(node, action, value))
    return { done: acting.map(({ id }) => id) }
  })

  app.post('/api/lane', async (request) => {
    const body = new Body(request.body)
    const [action, node] = [body.oneOf('action', laneActions), body.optionalText('node')]
    const codec = action === 'codec' ? body.oneOf('codec', codecNames) : undefined
    const shared = action === 'codec' || action.startsWith('redis')
    const lanes = chosen(stage, body.text('lane'))
      .filter(({ host }) => !shared || isShared(host.mode))
      .filter(({ host }) => action !== 'remove' || host.nodes().some(({ name }) => name === node))
    if (lanes.length === 0)
      throw new CallError(action === 'remove' ? `There is no node ${node}` : 'No lane keeps its sessions in Redis', 404)
    // Asked of all lanes, it is done where it can be had; where it can be had in none, each says why.
    const able = lanes.filter(({ host }) => host.disabled()[action] === undefined)
    const acting = able.length > 0 ? able : lanes
    await inEach(acting, (lane) => lane.actOnLane(action, { node, codec }))
    return { done: acting.map(({ id }) => id) }
  })

  app.post('/api/reset', async (request) => {
    const { only } = (request.body ?? {}) as { only?: unknown }
    if (only === 'numbers') stage.countAnew()
    else if (only === undefined) await stage.reset()
    else throw new CallError('only must be numbers, or left out: then everything begins anew')
    return { startedAt: stage.startedAt }
  })

  app.post('/api/power', async (request) => {
    const body = new Body(request.body)
    const on = body.flag('on')
    for (const lane of chosen(stage, body.text('lane'))) lane.on = on
    return { on }
  })
}

/** @throws CallError when there is no such lane, or none is up yet */
function chosen(stage: Stage, id: string): readonly Lane[] {
  const lanes = [...stage.lanes.values()].filter((lane) => id === 'all' || lane.id === id)
  if (lanes.length === 0)
    throw new CallError(id === 'all' ? 'No lane is up yet' : `There is no lane ${id}, or it is not up yet`, 404)
  return lanes
}

/** Acts in every lane, and only then says what went wrong in any of them. */
async function inEach(lanes: readonly Lane[], act: (lane: Lane) => Promise<void>): Promise<void> {
  const results = await Promise.allSettled(lanes.map(act))
  const failures = results.flatMap((result, index) =>
    result.status === 'rejected' ? [`${lanes[index]?.id}: ${(result.reason as Error).message}`] : [],
  )
  if (failures.length > 0) throw new CallError(failures.join('; '), 409)
}
