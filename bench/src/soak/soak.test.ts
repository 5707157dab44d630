import { expect, test } from 'vitest'
import { UsageError } from '../options.ts'
import { readSoakOptions } from './soak.ts'

const read = (...args: string[]) => readSoakOptions(args, () => {})

test('a subject is enough', () => {
  expect(read('session')).toMatchObject({ subject: 'session', options: { quick: false, seed: 1 } })
  expect(read('console')).toMatchObject({ subject: 'console' })
  expect(read('balancer', '--quick', '--seed', '9').options).toMatchObject({ quick: true, seed: 9 })
})

test('histories are judged again, and the judge is tried on mutants, for faults alone', () => {
  expect(read('faults', '--judge', 'a.gz', 'b.gz').options.judged).toEqual(['a.gz', 'b.gz'])
  expect(read('faults', '--mutants').options.mutants).toBe(true)
  expect(read('faults').options).toMatchObject({ judged: [], mutants: false, minutes: 60 })
})

test.each([
  ['session', '--judge', 'a.gz'],
  ['balancer', '--mutants'],
])('%s %s is refused', (...args) => {
  expect(() => read(...args)).toThrow(UsageError)
})

test.each([[[]], [['all']], [['session', '--seed', 'x']], [['session', 'console']], [['session', '--rounds', '3']]])(
  'arguments %j are refused',
  (args) => {
    expect(() => read(...args)).toThrow(UsageError)
  },
)
