import { expect, test } from 'vitest'
import { UsageError } from '../options.ts'
import { readSoakOptions } from './soak.ts'

const read = (...args: string[]) => readSoakOptions(args, () => {})

test('a subject is enough', () => {
  expect(read('session')).toMatchObject({ subject: 'session', options: { quick: false, seed: 1 } })
  expect(read('console')).toMatchObject({ subject: 'console' })
  expect(read('balancer', '--quick', '--seed', '9').options).toMatchObject({ quick: true, seed: 9 })
})

test.each([[[]], [['all']], [['session', '--seed', 'x']], [['session', 'console']], [['session', '--rounds', '3']]])(
  'arguments %j are refused',
  (args) => {
    expect(() => read(...args)).toThrow(UsageError)
  },
)
