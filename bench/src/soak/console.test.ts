import { expect, test } from 'vitest'
import { outcomeOf } from './console.ts'

const said = {
  browser: '150.0',
  report: {},
  figures: [
    { name: 'long tasks', found: '11', bound: '≤ 10', met: false },
    { name: 'heap', found: '4 → 4', bound: 'flat', met: true },
    { name: 'CPU', found: '12', bound: 'printed', met: true },
  ],
}

test('each figure stands with its bound and verdict, and what is missed is named', () => {
  const outcome = outcomeOf(said, { cpu: 'x' })
  expect(outcome.failed).toEqual(['long tasks'])
  expect(outcome.text).toMatch(/long tasks +11 +≤ 10 +missed/)
  expect(outcome.text).toMatch(/heap +4 → 4 +flat +met/)
  expect(outcome.text).toMatch(/CPU +12 +printed +not judged/)
  expect(outcome.json.environment).toEqual({ cpu: 'x', chromium: '150.0' })
})

test('a quick run judges nothing', () => {
  const outcome = outcomeOf(said, {}, true)
  expect(outcome.failed).toEqual([])
  expect(outcome.text).not.toContain('missed')
})
