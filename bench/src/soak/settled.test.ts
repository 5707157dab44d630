import { expect, test } from 'vitest'
import { settled } from './settled.ts'

const readings = (...list: number[]) => {
  const left = [...list]
  return { read: async () => left.shift() ?? Number.NaN, left }
}

test('what still falls is read again, until three in a row agree', async () => {
  const { read, left } = readings(20_000, 14_580, 14_190, 13_180, 13_181, 13_180, 1)
  expect(await settled(read)).toBe(13_180)
  expect(left).toEqual([1])
})

test('two that agree may be a step on the way down', async () => {
  expect(await settled(readings(13_370, 13_360, 12_340, 12_340, 12_340).read)).toBe(12_340)
})

test('what never settles is an error with its last readings', async () => {
  await expect(settled(readings(1, 2, 3, 4).read, 4)).rejects.toThrow(
    'Not settled within 4 readings, the last three: 2, 3, 4',
  )
})
