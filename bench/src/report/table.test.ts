import { expect, test } from 'vitest'
import { table } from './table.ts'

test('columns are as wide as their widest cell; numbers stand flush right', () => {
  const rows = [
    ['nginx', '9.5'],
    ['http-proxy', '120.0'],
  ]
  expect(table(['who', 'µs'], rows, [1])).toBe(
    ['who            µs', '──────────  ─────', 'nginx         9.5', 'http-proxy  120.0'].join('\n'),
  )
})
