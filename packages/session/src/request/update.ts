import { AsyncLocalStorage } from 'node:async_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import type { SessionKey } from '../carrier/id.ts'
import { SessionNestedUpdateError } from '../errors.ts'
import type { Manager } from '../manager.ts'
import { assertWritable } from './assert.ts'
import { decodeAttribute, encodeAttribute, readAttribute } from './attribute.ts'
import { Changes } from './changes.ts'
import { remember, send } from './commit.ts'
import { conflict } from './conflict.ts'
import { deltaOf } from './delta.ts'
import { loadToWrite, reload } from './load.ts'
import type { RequestSession } from './request-session.ts'
import { inTurn } from './turn.ts'

/** How often `update` tries. Updates of one node queue up, so only as many writers meet as there are nodes. */
const MAX_ATTEMPTS = 100

type Change = (value: unknown) => unknown

/** An `update` whose `change` is running, and the one within whose `change` it was called. */
interface Running {
  readonly request: RequestSession
  readonly manager: Manager
  readonly key: SessionKey | undefined
  readonly name: string
  readonly outer: Running | undefined
  isOver: boolean
}

/** Tells an `update` within which other one it runs, also by way of `app.inject`. */
const running = new AsyncLocalStorage<Running>()

/** Compare and set, over again until no other writer came between. See `Session.update`. */
export async function updateAttribute(request: RequestSession, name: string, change: Change): Promise<unknown> {
  await loadToWrite(request)
  const key = request.record && request.key
  const outer = enclosing(request, key)
  for (const { name: held } of outer) if (held === name) throw new SessionNestedUpdateError(name)
  const self: Running = { request, manager: request.manager, key, name, outer: running.getStore(), isOver: false }
  const attempts = () =>
    attemptUntilDone(request, name, (value) => running.run(self, change, value)).finally(() => {
      self.isOver = true
    })
  // Within an update of the same session the turn is ours already: to wait for it would be to wait for ourselves.
  return key === undefined || outer.length > 0
    ? attempts()
    : inTurn(request, key, `session.update(${JSON.stringify(name)})`, attempts)
}

/** The updates of the same session that wait for this one to end. */
function enclosing(request: RequestSession, key: SessionKey | undefined): Running[] {
  const updates: Running[] = []
  for (let at = running.getStore(); at; at = at.outer) {
    const isSame = at.request === request || (at.manager === request.manager && at.key !== undefined && at.key === key)
    if (isSame && !at.isOver) updates.push(at)
  }
  return updates
}

async function attemptUntilDone(request: RequestSession, name: string, change: Change): Promise<unknown> {
  for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
    const isStaged = request.changes?.attributes.has(name) === true
    const stored = request.record?.attributes.get(name)
    const next = await change(readAttribute(request, name))
    const bytes = next === undefined ? undefined : encodeAttribute(request, name, next)
    assertWritable(request, 'update')
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
    if (!(await reload(request))) throw request.gone()
  }
  throw conflict(request, `session.update(${JSON.stringify(name)}) met another writer ${MAX_ATTEMPTS} times`)
}
