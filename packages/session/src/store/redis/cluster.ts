import { setTimeout as sleep } from 'node:timers/promises'
import type { SessionKey } from '../../carrier/id.ts'
import { asBuffer } from '../../codec/codec.ts'
import { type CommitResult, deadline, type SessionDelta, type StoreOptions } from '../store.ts'
import type { RedisCalls } from './calls.ts'
import type { RedisArgument } from './connection.ts'
import { attributeField, birth, LISTED, lifetimeFields, parseListing, type RedisKeys, userText } from './layout.ts'
import { PUT, TAKE_COPY, UNLINK_IF } from './scripts.ts'

/** How often a move starts again because somebody wrote to the session meanwhile. */
const MAX_MOVES = 20

/** From which key to which, and what changes with it. */
interface Move {
  readonly from: SessionKey
  readonly to: SessionKey
  readonly delta: SessionDelta
  /** Where it is told. */
  readonly channel: string
}

/** How long forgetting a copy is tried, ms. */
const ABANDON_MS = 10_000

/**
 * Moves a session between two slots of a cluster, which no single command can: copies it, then forgets the old one
 * only if nobody has written to it since, else copies again. All its steps have one time to be made in. When one fails, the
 * copy is forgotten: its id was never given to anybody. A crash in between leaves the old session as it was, beside such a
 * copy, which expires.
 */
export async function moveAcrossSlots(
  calls: RedisCalls,
  keys: RedisKeys,
  move: Move,
  options: StoreOptions,
): Promise<CommitResult> {
  const to = keys.session(move.to)
  try {
    const result = await copyAndForget(calls, keys, move, options)
    if (result !== 'ok') await calls.command(to, 'unlink', [to], options)
    return result
  } catch (error) {
    abandon(calls, to).catch((failure: unknown) => options.onBackgroundError?.(failure))
    throw error
  }
}

/** Forgets a copy as soon as the cluster can be asked again. */
async function abandon(calls: RedisCalls, to: string): Promise<void> {
  const end = performance.now() + ABANDON_MS
  for (;;) {
    try {
      await calls.command(to, 'unlink', [to], { giveUpAt: end })
      return
    } catch (error) {
      if (performance.now() > end) throw error
      await sleep(100, undefined, { ref: false })
    }
  }
}

async function copyAndForget(
  calls: RedisCalls,
  keys: RedisKeys,
  { from: fromKey, to: toKey, delta, channel }: Move,
  options: StoreOptions,
): Promise<CommitResult> {
  const [from, to, mark] = [keys.session(fromKey), keys.session(toKey), keys.rotated(fromKey)]
  for (let move = 1; move <= MAX_MOVES; move++) {
    const [ttl, flat] = (await calls.read(TAKE_COPY, [from], [], options)) as [number, Buffer[]]
    const fields = toMap(flat)
    if (!fields.has('creationTime')) return 'gone'
    const revision = fields.get('revision') ?? ''
    apply(fields, delta, options)
    await calls.change(PUT, [to], [ttlOf(fields, options) ?? ttl, ...[...fields].flat()], options)
    const args = [revision, toKey, delta.graceMs ?? 0, channel, fromKey]
    const result = await calls.change(UNLINK_IF, [from, mark], args, options)
    if (result === 1) return 'ok'
    if (result === 0) return 'gone'
  }
  return 'conflict'
}

function toMap(flat: readonly Buffer[]): Map<string, RedisArgument> {
  const fields = new Map<string, RedisArgument>()
  for (let i = 0; i + 1 < flat.length; i += 2) fields.set((flat[i] as Buffer).toString(), flat[i + 1] as Buffer)
  return fields
}

/** When it ends, as things are now, ms from now; 0: never. `undefined` when its times are no numbers. */
function ttlOf(fields: ReadonlyMap<string, RedisArgument>, { now, lifetime }: StoreOptions): number | undefined {
  const values = LISTED.map((field) => fields.get(field)).map((value) =>
    value === undefined ? null : Buffer.from(value as string),
  )
  const found = parseListing('', values)
  if (!found) return undefined
  const end = deadline({ ...found.listing, ...(found.own ? { own: found.own } : {}) }, lifetime)
  if (Number.isNaN(end)) return undefined
  return end === Infinity ? 0 : Math.max(1, end - now)
}

/** Also where the options have changed since: the session has the idle timeout that they say now. */
function apply(fields: Map<string, RedisArgument>, delta: SessionDelta, options: StoreOptions): void {
  const { set, remove, user, authenticatedAt, lifetime, anew } = delta
  if (anew) {
    fields.clear()
    for (const [field, value] of birth(anew.createdAt, lifetime, options.lifetime)) fields.set(field, value)
  }
  const isOurs = String(fields.get('lifetime') ?? '') === String(fields.get('maxInactiveInterval') ?? '')
  if (lifetime !== undefined || isOurs) {
    for (const [field, value] of lifetimeFields(lifetime, options.lifetime)) fields.set(field, value)
  }
  for (const [name, bytes] of set ?? []) fields.set(attributeField(name), asBuffer(bytes))
  for (const name of remove ?? []) fields.delete(attributeField(name))
  if (typeof user === 'string') fields.set('user', userText(user))
  if (user === null) for (const field of ['user', 'authenticatedAt']) fields.delete(field)
  if (authenticatedAt !== undefined) fields.set('authenticatedAt', String(authenticatedAt))
}
