import { isUtf8 } from 'node:buffer'
import { createHash } from 'node:crypto'
import type { SessionKey } from '../../carrier/id.ts'
import { asBuffer } from '../../codec/codec.ts'
import type { Lifetime, OwnLifetime, SessionDelta, SessionListing, StoredSession } from '../store.ts'
import type { RedisArgument } from './connection.ts'

const ATTRIBUTE = 'sessionAttr:'

/** The names of keys in Redis: Spring Session's `<namespace>:sessions:<key>`, and an index beside it per user. */
export class RedisKeys {
  readonly sessions: string
  /** The channel on which the end of every session is told. */
  readonly ended: string
  /** What the names of all that near caches agree through begin with. */
  readonly near: string
  readonly #users: string
  readonly #rotated: string

  /** `keyPrefix` is what the client puts before each key by itself. */
  constructor(namespace: string, keyPrefix = '') {
    this.sessions = `${namespace}:sessions:`
    this.ended = `${namespace}:ended`
    this.near = `${namespace}:near:`
    this.#users = `${namespace}:users:`
    this.#rotated = `${namespace}:rotated:{${keyPrefix}${this.sessions}`
  }

  session(key: SessionKey): string {
    return this.sessions + key
  }

  /** Says that a session was here until a moment ago. The braces put it into its session's slot of a cluster. */
  rotated(key: SessionKey): string {
    return `${this.#rotated}${key}}`
  }

  /** A user's name is hashed: it may be long, or hold anything. */
  index(user: string): string {
    return this.#users + createHash('sha256').update(user).digest('base64url')
  }
}

/** The field that holds an attribute. */
export const attributeField = (name: string): string => ATTRIBUTE + name

/** A user's name as the hash keeps it: as JSON, because Spring reads every field of the hash as JSON, known to it or not. */
export const userText = (user: string): string => JSON.stringify(user)

/** A user's name from the hash; a bare one too. */
export function parseUser(text: Buffer): string {
  try {
    return String(JSON.parse(text.toString()))
  } catch {
    return text.toString()
  }
}

/** A delta as the scripts take it: how many pairs, the pairs, the fields to remove. */
export function changes(
  delta: SessionDelta,
  lifetime: readonly (readonly [string, RedisArgument])[] = [],
): RedisArgument[] {
  const pairs: RedisArgument[] = []
  if (typeof delta.user === 'string') pairs.push('user', userText(delta.user))
  if (delta.authenticatedAt !== undefined) pairs.push('authenticatedAt', String(delta.authenticatedAt))
  for (const [field, value] of lifetime) pairs.push(field, value)
  for (const [name, bytes] of delta.set ?? []) pairs.push(attributeField(name), argument(bytes))
  const remove = (delta.remove ?? []).map(attributeField)
  if (delta.user === null) remove.push('user', 'authenticatedAt')
  return [String(pairs.length / 2), ...pairs, ...remove]
}

/** Bytes as the client sends them cheapest: small texts as text (it writes whole commands of text at once). */
export function argument(bytes: Uint8Array): RedisArgument {
  const buffer = asBuffer(bytes)
  return buffer.length <= 2048 && isUtf8(buffer) ? buffer.toString() : buffer
}

/** The fields of a new session, beside its attributes. */
export const birth = (createdAt: number, own: OwnLifetime | null | undefined, lifetime: Lifetime): Field[] => [
  ['creationTime', String(createdAt)],
  ['lastAccessedTime', String(createdAt)],
  ...lifetimeFields(own, lifetime),
]

type Field = readonly [name: string, value: string]

/**
 * How a session's lifetime is kept: `maxInactiveInterval` in seconds, as Spring Session does, and `lifetime` beside it. When
 * both are the same number, that is what the options said, and other options hold as soon as they are there. Else the session
 * has an interval of its own: Spring has set it, or `lifetime` says so, in JSON's spelling for Spring's sake.
 */
export function lifetimeFields(own: OwnLifetime | null | undefined, { idleTimeoutMs }: Lifetime): Field[] {
  const seconds = String((own?.idleTimeoutMs ?? idleTimeoutMs) / 1000)
  return [
    ['maxInactiveInterval', seconds],
    ['lifetime', own ? ownText(own) : seconds],
  ]
}

const ownText = ({ absoluteTimeoutMs, persistent }: OwnLifetime): string =>
  `"own ${absoluteTimeoutMs ?? '-'} ${persistent === undefined ? '-' : Number(persistent)}"`

/** A session's own lifetime from the two fields; `undefined` when it has that of the options. */
export function parseOwn(seconds: string, lifetime: string): OwnLifetime | undefined {
  if (lifetime === seconds) return undefined
  const [, absolute, persistent] = /^"own (\d+|-) ([01-])"$/.exec(lifetime) ?? ['', '-', '-']
  return {
    idleTimeoutMs: Number(seconds) * 1000,
    ...(absolute === '-' ? {} : { absoluteTimeoutMs: Number(absolute) }),
    ...(persistent === '-' ? {} : { persistent: persistent === '1' }),
  }
}

/** What `LOAD` answers, read. */
interface Reply {
  /** `undefined` unless its times are numbers. */
  readonly session: StoredSession | undefined
  /** Redis's clock, µs; 0 when it may not be asked. */
  readonly micros: number
  /** Why the access could not be written down; empty when it was, or need not be. */
  readonly refused: string
}

/** Reads what `LOAD` answers: a line of times, then fields and values. */
export function parseLoaded(reply: readonly Buffer[]): Reply {
  const line = reply[0]?.toString() ?? ''
  const [created, accessed, idle = '', micros, touched, ...refused] = line.split(' ')
  const attributes = new Map<string, Uint8Array>()
  let own: OwnLifetime | undefined
  let user: string | undefined
  let authenticatedAt: number | undefined
  for (let i = 1; i + 1 < reply.length; i += 2) {
    const field = (reply[i] as Buffer).toString()
    const value = reply[i + 1] as Buffer
    if (field.startsWith(ATTRIBUTE)) attributes.set(field.slice(ATTRIBUTE.length), value)
    else if (field === 'user') user = parseUser(value)
    else if (field === 'authenticatedAt') authenticatedAt = number(value)
    else if (field === 'lifetime') own = parseOwn(idle, value.toString())
  }
  const session: StoredSession = {
    createdAt: Number(created),
    lastAccessedAt: Number(accessed),
    idleTimeoutMs: Number(idle) * 1000,
    isTouched: touched === '1',
    attributes,
    ...(own ? { own } : {}),
    ...(user === undefined ? {} : { user }),
    ...(authenticatedAt ? { authenticatedAt } : {}), // no number: somebody else wrote it
  }
  const isWhole = !Number.isNaN(session.createdAt + session.lastAccessedAt + session.idleTimeoutMs)
  return { session: isWhole ? session : undefined, micros: Number(micros), refused: refused.join(' ') }
}

/** The fields that a listing needs. */
export const LISTED = [
  'creationTime',
  'lastAccessedTime',
  'maxInactiveInterval',
  'user',
  'authenticatedAt',
  'lifetime',
] as const

/** A listing from the values of `LISTED`; `undefined` when the session is gone, or its times are no numbers. */
export function parseListing(
  key: SessionKey,
  values: readonly (Buffer | null)[],
): { readonly listing: SessionListing; readonly own: OwnLifetime | undefined } | undefined {
  const [created, accessed, idle, user, authenticated, lifetime] = values
  if (!created || !accessed || !idle) return undefined
  const times = { createdAt: number(created), lastAccessedAt: number(accessed) }
  if (Number.isNaN(times.createdAt + times.lastAccessedAt + number(idle))) return undefined
  const listing = {
    key,
    ...times,
    ...(user ? { user: parseUser(user) } : {}),
    ...(authenticated && number(authenticated) ? { authenticatedAt: number(authenticated) } : {}),
  }
  return { listing, own: parseOwn(idle.toString(), lifetime?.toString() ?? '') }
}

const number = (value: Buffer): number => (value.length === 0 ? Number.NaN : Number(value.toString('latin1')))
