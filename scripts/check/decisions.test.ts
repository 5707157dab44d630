import { expect, it } from 'vitest'
import { rowOf } from './decisions.ts'

it('gives a decision its row, and says what replaced it', () => {
  expect(rowOf('0301-a.md', '# 0301 A supervisor\n\n**Decided.** Yes.')).toBe(
    '| [0301](0301-a.md) | A supervisor | stands |',
  )
  expect(rowOf('0201-b.md', '# 0201 b\n\n**Replaced by [0206](0206-c.md).**')).toBe(
    '| [0201](0201-b.md) | b | replaced by 0206 |',
  )
})
