import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { mutants } from './mutants.ts'
import { harms } from './nemesis.ts'

it.each(mutants)('changes one place of the library as it is now: $broken', ({ file, from, to, kinds }) => {
  const source = readFileSync(new URL(`../../../packages/session/src/${file}`, import.meta.url), 'utf8')
  expect(source.split(from)).toHaveLength(2)
  expect(source.replace(from, () => to)).not.toBe(source)
  expect(kinds.filter((kind) => !(kind in harms))).toEqual([])
})
