import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'

it('is in the documentation as it was measured', () => {
  const read = (path: string): string => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8')
  const [table = ''] =
    /\| fault \| reads that failed[\s\S]*?(?=\n\n|\n```)/.exec(read('bench/results/soak-faults.md')) ?? []
  expect(table.split('\n').length).toBeGreaterThan(10)
  expect(read('packages/session/docs/redis.md')).toContain(table)
})
