import { setTimeout as sleep } from 'node:timers/promises'
import { decodeAttribute, encodeAttribute, readAttribute } from './attribute.ts'
import { Changes } from './changes.ts'
import { conflict, remember, send } from './commit.ts'
import { deltaOf } from './delta.ts'
import type { RequestSession } from './request-session.ts'

/** How often `update` tries. Updates of one node queue up, so only as many writers meet as there are nodes. */
const MAX_ATTEMPTS = 100

type Change = (value: unknown) => unknown

/** Compare and set, over again until no other writer came between. See `Session.update`. */
export async function updateAttribute(request: RequestSession, name: string, change: Change): Promise<unknown> {
  await request.loadToWrite()
  const attempts = () => attemptUntilDone(request, name, change)
  return request.record ? request.manager.updates.run(request.key, attempts) : attempts()
}

async function attemptUntilDone(request: RequestSession, name: string, change: Change): Promise<unknown> {
  for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
    const isStaged = request.changes?.attributes.has(name) === true
    const stored = request.record?.attributes.get(name)
    const next = await change(readAttribute(request, name))
    const bytes = next === undefined ? undefined : encodeAttribute(request, name, next)
    request.assertWritable('update')
    const delta = deltaOf(request, new Changes([[name, bytes]]), isStaged ? undefined : { name, value: stored })
    const result = delta ? await send(request, delta) : 'ok'
    if (result === 'ok') {
      request.changes?.attributes.delete(name)
      request.watch?.drop(name)
      if (delta) remember(request, delta)
      return decodeAttribute(request, name, bytes)
    }
    if (result === 'gone') throw request.gone()
    if (attempt > 2) await sleep(Math.random() * Math.min(attempt, 20))
    if (!(await request.reload())) throw request.gone()
  }
  throw conflict(request, `session.update(${JSON.stringify(name)}) met another writer ${MAX_ATTEMPTS} times`)
}
