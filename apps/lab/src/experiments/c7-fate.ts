import type { Codec } from '@session-cluster/session'
import { prove } from '../experiment.ts'
import type { Fixture } from './c7-fixtures.ts'

/**
 * What can become of a value on its way through a codec. *Refused* is said when it is written; *unreadable* only when somebody
 * wants it back.
 */
export const fates = ['same', 'changed', 'refused', 'unreadable'] as const
export type Fate = (typeof fates)[number]

/** Writes a value and reads it back. */
export function fateOf(codec: Codec, fixture: Fixture): Fate {
  prove(fixture.same(fixture.make()), `${fixture.id} is recognised when nothing was done to it`)
  const written = attempted(() => codec.encode(fixture.make()))
  if (written === undefined) return 'refused'
  const read = attempted(() => codec.decode(written.value))
  if (read === undefined) return 'unreadable'
  return fixture.same(read.value) ? 'same' : 'changed'
}

/** What came of it; `undefined` when it threw. */
function attempted<T>(act: () => T): { readonly value: T } | undefined {
  try {
    return { value: act() }
  } catch {
    return undefined
  }
}
