import { shuffled, type UserAction } from '@session-cluster/visitor'
import type { FastifyInstance } from 'fastify'
import type { RequestRecord } from '../wire/record.ts'
import { Body } from './body.ts'
import { CallError } from './call-error.ts'
import type { Stage } from './stage.ts'

const actions = [
  'login',
  'open',
  'write',
  'count',
  'context',
  'logout',
  'forget',
] as const satisfies readonly UserAction[]
const mostTimes = 20

/** What users do, and the clock that lets them do it by themselves. Each call answers when the deeds are done. */
export function userRoutes(app: FastifyInstance, stage: Stage): void {
  const { traffic } = stage

  app.post('/api/act', async (request) => {
    const body = new Body(request.body)
    const action = body.oneOf('action', actions)
    const users = body.text('user') === 'all' ? traffic.names : [known(stage, body.text('user'))]
    const times = body.optionalInteger('times', 1, mostTimes) ?? 1
    const via = body.optionalText('via')
    const fresh = body.flag('fresh')
    const lanes = body.optionalTexts('lanes')
    if (via !== undefined && ![...stage.lanes.values()].some(({ target }) => target.nodeUrl(via) !== undefined))
      throw new CallError(`There is no node ${via}`, 404)
    const records: RequestRecord[] = []
    for (let turn = 0; turn < times; turn++) {
      // One user after another. Logins go in order, so that who is on which node is the same in every lane and every run;
      // whatever follows goes in a new order each time, or nine users would stay in step with three nodes.
      for (const user of action === 'login' ? users : shuffled(users))
        records.push(...(await traffic.everywhere(user, action, { via, fresh }, lanes)))
    }
    return { records: records.slice(-60) }
  })

  app.post('/api/clock', async (request) => {
    const body = new Body(request.body)
    traffic.setClock({ running: body.optionalFlag('running'), rate: body.optionalInteger('rate', 1, 200) })
    return traffic.clock
  })

  app.post('/api/pause', async (request) => {
    const body = new Body(request.body)
    const page = body.text('page')
    if (!stage.hub.has(page)) throw new CallError('Only a page that is open can pause the traffic', 409)
    if (body.flag('on')) traffic.pause(page)
    else traffic.resume(page)
    return traffic.clock
  })

  app.post('/api/step', async () => ({ records: await traffic.step() }))

  app.post('/api/users', async () => {
    const name = traffic.addUser()
    if (name === undefined) throw new CallError('no-names', 409)
    await traffic.everywhere(name, 'login')
    return { name }
  })

  app.post('/api/active', async (request) => {
    const users = new Body(request.body).texts('users').map((user) => known(stage, user))
    traffic.setActive(users)
    return { users }
  })
}

/** @throws CallError for a name that nobody has */
export function known(stage: Stage, user: string): string {
  if (!stage.traffic.names.includes(user)) throw new CallError(`There is no user ${user}`, 404)
  return user
}
