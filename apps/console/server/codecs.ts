import { inspect } from 'node:util'
import { type Codec, json, registered, registry, springJson, typedJson, v8 } from '@session-cluster/session'
import type { TrialCodec } from '../wire/codec.ts'

/** What an authenticated user is and may do: the tutorial's class that plain JSON does not bring back. */
export class SecurityContext {
  readonly user: string
  readonly authorities: readonly string[]

  constructor(user: string, authorities: readonly string[]) {
    this.user = user
    this.authorities = authorities
  }

  /** What a plain copy of the data no longer has. */
  may(authority: string): boolean {
    return this.authorities.includes(authority)
  }
}

const stored = registered({
  name: 'SecurityContext',
  class: SecurityContext,
  write: ({ user, authorities }) => ({ user, authorities: [...authorities] }),
  read: ({ user, authorities }) => new SecurityContext(user, authorities),
})

/** The control: what one gets who uses no codec of the library. */
const rawJson: Codec = {
  name: 'raw-json',
  encode: (value) => Buffer.from(JSON.stringify(value)),
  decode: (bytes) => JSON.parse(Buffer.from(bytes).toString()),
}

const made: Readonly<Record<TrialCodec, Codec>> = {
  'raw-json': rawJson,
  json: json(),
  'spring-json': springJson(),
  'typed-json': typedJson(),
  v8: v8(),
  registry: registry([stored]),
}

/** A codec of the session library by its name; `registry` knows the `SecurityContext`, as the servers' does. */
export const codecOf = (name: TrialCodec): Codec => made[name]

/** A value as Node prints it, on one line: classes and types are named, so that two values that print alike are alike. */
export const show = (value: unknown): string => inspect(value, { depth: 6, breakLength: Number.POSITIVE_INFINITY })
