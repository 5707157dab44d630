import type { Codec } from '@session-cluster/session'
import { describe, expect, it } from 'vitest'
import { fateOf } from './c7-fate.ts'
import { fixtures } from './c7-fixtures.ts'

const [plain] = fixtures
const fail = () => {
  throw new Error('no')
}
const codec = (decode: Codec['decode'], encode: Codec['encode'] = () => Buffer.from('written')): Codec => ({
  name: 'test',
  encode,
  decode,
})

describe('fateOf', () => {
  const fate = (of: Codec) => fateOf(of, plain as NonNullable<typeof plain>)

  it('is the same when the value comes back', () => expect(fate(codec(() => plain?.make()))).toBe('same'))
  it('is changed when another one comes back', () => expect(fate(codec(() => ({ user: 'bob' })))).toBe('changed'))
  it('is refused when it cannot be written', () => expect(fate(codec(() => plain?.make(), fail))).toBe('refused'))
  it('is unreadable, and not refused, when it was written and cannot be read', () =>
    expect(fate(codec(fail))).toBe('unreadable'))

  it.each(fixtures)('is changed when nothing comes back of $id', (fixture) => {
    for (const nothing of [undefined, null, {}])
      expect(
        fateOf(
          codec(() => nothing),
          fixture,
        ),
      ).toBe('changed')
  })
})
