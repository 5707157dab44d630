import { expect, test } from 'vitest'
import { figuresTable, judgeFigures, mediansTable } from './figures.ts'

const rounds = { base: { read: [10, 20, 10] }, slow: { read: [20, 40, 20] }, odd: { read: [10, 60, 10] } }
const figure = (contender: string, atMost: number) => ({
  name: `${contender} ≤ ${atMost}`,
  scenario: 'read',
  contender,
  against: 'base',
  bound: { atMost },
})

test('a round that was slow for both changes no ratio', () => {
  const [judged] = judgeFigures([figure('slow', 2)], rounds, 1)
  expect(judged).toMatchObject({ ratio: { median: 2, low: 2, high: 2 }, verdict: 'met' })
})

test('each figure is printed with its interval, bound and verdict', () => {
  const text = figuresTable(judgeFigures([figure('slow', 1.9), figure('odd', 2)], rounds, 1))
  expect(text).toMatch(/slow ≤ 1.9 +2.00 \[2.00–2.00\] +≤ 1.9 +missed/)
  expect(text).toMatch(/odd ≤ 2 +1.00 \[1.00–3.00\] +≤ 2 +inconclusive/)
})

test('medians stand in the order of the contenders, the baseline as 1', () => {
  const titles = new Map([
    ['base', 'Base'],
    ['slow', 'Slow'],
    ['odd', 'Odd'],
  ])
  const lines = mediansTable(rounds, titles, 'base', 1).split('\n')
  expect(lines.slice(2).map((line) => line.split(/ {2,}/)[1])).toEqual(['Base', 'Slow', 'Odd'])
  expect(lines[2]).toMatch(/10\.0 +1$/)
})

test('a quick run judges nothing', () => {
  const text = figuresTable(judgeFigures([figure('slow', 1.9)], rounds, 1), true)
  expect(text).toContain('not judged')
  expect(text).not.toContain('missed')
})
