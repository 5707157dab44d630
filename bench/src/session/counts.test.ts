import { expect, test } from 'vitest'
import { type Count, keepsPromise } from './counts.ts'

const read = (commands: string[][], roundTrips: number[]): Count => ({
  contender: 'ours',
  request: 'read',
  commands,
  roundTrips,
  promised: { commands: 1, roundTrips: 1 },
})

test('a promise is kept only when every watched request keeps it', () => {
  expect(keepsPromise(read([['hgetall'], ['hgetall']], [1, 1]))).toBe(true)
  expect(keepsPromise(read([['hgetall'], ['hgetall', 'pexpire']], [1, 1]))).toBe(false)
  expect(keepsPromise(read([['hgetall'], ['hgetall']], [1, 2]))).toBe(false)
  expect(keepsPromise(read([[]], [0]))).toBe(false)
})

test('where only round trips are promised, commands may vary', () => {
  const due = (roundTrips: number[]): Count => ({
    ...read([['hgetall', 'evalsha'], ['evalsha']], roundTrips),
    promised: { roundTrips: 1 },
  })
  expect(keepsPromise(due([1, 1]))).toBe(true)
  expect(keepsPromise(due([1, 2]))).toBe(false)
})

test('peers promise nothing', () => {
  const { promised: _, ...peer } = read([['get', 'set']], [2])
  expect(keepsPromise(peer)).toBe(true)
})
