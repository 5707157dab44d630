import { expect, test } from 'vitest'
import { readOptions, UsageError } from './options.ts'

const read = (...args: string[]) => readOptions(args, () => {})

test('a subject alone takes the defaults', () => {
  expect(read('session')).toMatchObject({
    subject: 'session',
    options: { rounds: 20, requests: 6000, seed: 1, quick: false },
  })
})

test('the quick form is small, and may still be told otherwise', () => {
  expect(read('balancer', '--quick').options).toMatchObject({ quick: true, rounds: 3, requests: 400 })
  expect(read('balancer', '--quick', '--rounds', '1', '--json', 'x.json').options).toMatchObject({
    rounds: 1,
    json: 'x.json',
  })
})

test('a full run of too few rounds is refused', () => {
  expect(() => read('session', '--rounds', '5')).toThrow('at least 15')
})

test.each([
  [[]],
  [['sessions']],
  [['session', 'balancer']],
  [['session', '--rounds', 'x']],
  [['session', '--fast']],
  [['session', '--quick', '--save']],
])('arguments %j are refused with what is allowed', (args) => {
  expect(() => read(...args)).toThrow(UsageError)
})
