import { describe, expect, it } from 'vitest'
import { readArguments, UsageError, usage } from './arguments.ts'

describe('readArguments', () => {
  it('runs everything with the quick preset and seed 1 by default', () => {
    const command = { name: 'run', ids: ['all'], json: false, preset: 'quick', seed: 1 }
    expect(readArguments(['run'])).toMatchObject(command)
  })

  it('takes ids and options in any order', () => {
    const argv = [
      'run',
      'c4',
      '--seed',
      '7',
      'C5',
      '--preset=full',
      '--repeat',
      '3',
      '--duration',
      '0.5',
      '--out',
      'here',
      '--json',
    ]
    expect(readArguments(argv)).toEqual({
      name: 'run',
      ids: ['c4', 'C5'],
      json: true,
      preset: 'full',
      seed: 7,
      repeats: 3,
      durationMs: 500,
      out: 'here',
    })
  })

  it('shows the help when nothing is asked', () => expect(readArguments([])).toEqual({ name: 'help' }))
  it('reports on a folder', () => {
    expect(readArguments(['report', 'here', '--summary', 'there'])).toEqual({
      name: 'report',
      from: 'here',
      summary: 'there',
    })
  })

  it.each([
    [['walk'], 'no command "walk": list, run, report'],
    [['run', '--preset', 'slow'], '--preset is "slow": allowed are quick, full'],
    [['run', '--seed', 'x'], '--seed is "x": allowed is a whole number from 0'],
    [['run', '--seed', '1.5'], '--seed is "1.5"'],
    [['run', '--repeat', '0'], '--repeat is "0": allowed is a whole number from 1'],
    [['run', '--duration', ''], '--duration is "": allowed is a number from 0.1'],
    [['run', '--fast'], /^Unknown option '--fast'$/],
    [['compare', 'one'], 'compare needs two folders'],
  ])('refuses %j and says what is allowed', (argv, message) => {
    expect(() => readArguments(argv)).toThrow(UsageError)
    expect(() => readArguments(argv)).toThrow(message)
  })
})

it('explains itself within 80 columns', () => {
  expect(usage.split('\n').filter((line) => line.length > 80)).toEqual([])
})
