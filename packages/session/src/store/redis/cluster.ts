import type { SessionKey } from '../../carrier/id.ts'
import { asBuffer } from '../../codec/codec.ts'
import type { CommitResult, SessionDelta, StoreUsage } from '../store.ts'
import { command, type RedisArgument, type RedisClient, run } from './client.ts'
import { attributeField, type RedisKeys, userText } from './layout.ts'
import { PUT, TAKE_COPY, UNLINK_IF } from './scripts.ts'

/** How often a move starts again because somebody wrote to the session meanwhile. */
const MAX_MOVES = 20

/** From which key to which, and what changes with it. */
interface Move {
  readonly from: SessionKey
  readonly to: SessionKey
  readonly delta: SessionDelta
}

/**
 * Moves a session between two slots of a cluster, which no single command can: copies it, then forgets the old one
 * only if nobody has written to it since, else copies again. A crash in between leaves the old session as it was,
 * beside a copy whose id nobody was ever given and which expires.
 */
export async function moveAcrossSlots(
  client: RedisClient,
  keys: RedisKeys,
  { from: fromKey, to: toKey, delta }: Move,
  usage: StoreUsage | undefined,
): Promise<CommitResult> {
  const [from, to, mark] = [keys.session(fromKey), keys.session(toKey), keys.rotated(fromKey)]
  for (let move = 1; move <= MAX_MOVES; move++) {
    const [ttl, flat] = (await run(client, TAKE_COPY, [from], [], usage)) as [number, Buffer[]]
    const fields = toMap(flat)
    if (!fields.has('creationTime')) return abandon(client, to, usage)
    const revision = fields.get('revision') ?? ''
    apply(fields, delta)
    await run(client, PUT, [to], [ttl, ...[...fields].flat()], usage)
    const args = [revision, toKey, delta.graceMs ?? 0]
    const result = await run(client, UNLINK_IF, [from, mark], args, usage)
    if (result === 1) return 'ok'
    if (result === 0) return abandon(client, to, usage)
  }
  await abandon(client, to, usage)
  return 'conflict'
}

/** The session was ended meanwhile: its copy must not outlive it. */
async function abandon(client: RedisClient, to: string, usage: StoreUsage | undefined): Promise<'gone'> {
  await command(client, usage, 'unlink', [to])
  return 'gone'
}

function toMap(flat: readonly Buffer[]): Map<string, RedisArgument> {
  const fields = new Map<string, RedisArgument>()
  for (let i = 0; i + 1 < flat.length; i += 2) fields.set((flat[i] as Buffer).toString(), flat[i + 1] as Buffer)
  return fields
}

function apply(fields: Map<string, RedisArgument>, { set, remove, user, authenticatedAt }: SessionDelta): void {
  for (const [name, bytes] of set ?? []) fields.set(attributeField(name), asBuffer(bytes))
  for (const name of remove ?? []) fields.delete(attributeField(name))
  if (typeof user === 'string') fields.set('user', userText(user))
  if (user === null) for (const field of ['user', 'authenticatedAt']) fields.delete(field)
  if (authenticatedAt !== undefined) fields.set('authenticatedAt', String(authenticatedAt))
}
