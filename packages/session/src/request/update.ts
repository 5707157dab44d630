import { setTimeout as sleep } from 'node:timers/promises'
import type { SessionDelta } from '../store/store.ts'
import { decodeAttribute, encodeAttribute } from './attribute.ts'
import { conflict, remember, send } from './commit.ts'
import type { RequestSession } from './request-session.ts'

/** How often `update` tries. Updates of one node queue up, so only as many writers meet as there are nodes. */
const MAX_ATTEMPTS = 100

/** Compare and set, over again until no other writer came between. See `Session.update`. */
export async function updateAttribute(
  exchange: RequestSession,
  name: string,
  change: (value: unknown) => unknown,
): Promise<unknown> {
  if (!exchange.isLoaded) await exchange.load()
  exchange.assertLoadSucceeded()
  const attempts = () => attemptUntilDone(exchange, name, change)
  return exchange.isStored ? exchange.manager.updates.run(exchange.key, attempts) : attempts()
}

async function attemptUntilDone(
  exchange: RequestSession,
  name: string,
  change: (value: unknown) => unknown,
): Promise<unknown> {
  for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
    const staged = exchange.staged?.get(name)
    const isStaged = exchange.staged?.has(name) === true
    const stored = exchange.known?.attributes.get(name)
    const next = await change(decodeAttribute(exchange, name, isStaged ? staged : stored))
    const bytes = next === undefined ? undefined : encodeAttribute(exchange, name, next)
    exchange.assertWritable('update')
    const delta = deltaOf(exchange, name, bytes, isStaged ? undefined : { name, value: stored })
    if (!delta) return undefined
    const result = await send(exchange, exchange.key, delta)
    if (result === 'ok') return accept(exchange, name, delta, bytes)
    if (result === 'gone') throw exchange.gone()
    if (attempt > 2) await sleep(Math.random() * Math.min(attempt, 20))
    if (!(await exchange.reload())) throw exchange.gone()
  }
  throw conflict(exchange, `session.update(${JSON.stringify(name)}) met another writer ${MAX_ATTEMPTS} times`)
}

function deltaOf(
  exchange: RequestSession,
  name: string,
  bytes: Uint8Array | undefined,
  expect: SessionDelta['expect'],
): SessionDelta | undefined {
  const change = bytes ? { set: new Map([[name, bytes]]) } : { remove: [name] }
  if (exchange.isStored) return expect ? { ...change, expect } : change
  if (!bytes) return undefined
  exchange.make()
  return { ...change, create: { createdAt: exchange.madeAt ?? exchange.manager.options.now() } }
}

function accept(exchange: RequestSession, name: string, delta: SessionDelta, bytes: Uint8Array | undefined): unknown {
  exchange.commitResult = 'ok'
  exchange.staged?.delete(name)
  exchange.watch?.drop(name)
  remember(exchange, delta)
  return decodeAttribute(exchange, name, bytes)
}
