import { expect, it } from 'vitest'
import { text } from '../language.ts'
import { pivot } from './pivot.ts'

it('sets entries out by row and column and leaves a dash where there is none', () => {
  const read = text('read', '읽기')
  const table = pivot('ms', [
    { row: 0, column: read, value: 1 },
    { row: 0, column: 'write', value: 2 },
    { row: 5, column: text('read', '읽기'), value: 3 },
  ])
  expect(table).toEqual({
    columns: ['ms', read, 'write'],
    rows: [
      [0, 1, 2],
      [5, 3, '–'],
    ],
  })
})
