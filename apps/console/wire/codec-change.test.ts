import { codecNames } from '@session-cluster/contract'
import { expect, it } from 'vitest'
import { codecOf } from '../server/codecs.ts'
import { readingOf } from './codec-change.ts'

const pairs = codecNames.flatMap((from) => codecNames.map((to) => [from, to] as const))

it.each(pairs)('foretells what the library really makes of a token that went from %s to %s', (from, to) => {
  const token = 'a-token'
  const bytes = codecOf(from).encode(token)
  const read = () => {
    try {
      return codecOf(to).decode(bytes) === token ? 'same' : 'changed'
    } catch {
      return 'absent'
    }
  }
  expect(read()).toBe(readingOf(from, to))
})
