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

  it('shows the help when it is asked for, whatever else was typed', () => {
    for (const argv of [['help'], ['--help'], ['run', 'C1', '-h']])
      expect(readArguments(argv)).toEqual({ name: 'help' })
  })

  const refusal = (argv: readonly string[]) => {
    try {
      readArguments(argv)
    } catch (error) {
      return error instanceof UsageError ? error.message : error
    }
    return undefined
  }

  const seed = 'allowed is a whole number from 0 to 9007199254740991'
  const repeat = 'allowed is a whole number from 1 to 100'
  const duration = 'allowed is a number of seconds from 0.1 to 600'
  const folder = 'allowed is a folder; one that begins with - is written ./-…'
  it.each([
    ['--preset', ['slow', '', '-1'], 'allowed is quick, full'],
    ['--seed', ['x', '-1', '1.5', '', ' 1', '1e3', '0x10', '9007199254740992', '1e400', '--json'], seed],
    ['--repeat', ['0', '-1', '1.5', '101', '', '1e1', 'Infinity'], repeat],
    ['--duration', ['0', '-1', '0.09', '601', '', '1s', '1e1', 'NaN'], duration],
    ['--out', ['', '-', '--json'], folder],
  ])('refuses odd values of %s, and their absence, and says what is allowed', (option, values, allowed) => {
    for (const value of values) expect(refusal(['run', option, value])).toBe(`${option} is "${value}": ${allowed}`)
    expect(refusal(['run', `${option}=`])).toBe(`${option} is "": ${allowed}`)
    expect(refusal(['run', option])).toBe(`${option} needs a value: ${allowed}`)
  })

  it.each([
    ['--seed', '0', { seed: 0 }],
    ['--seed', '9007199254740991', { seed: Number.MAX_SAFE_INTEGER }],
    ['--repeat', '100', { repeats: 100 }],
    ['--duration', '0.1', { durationMs: 100 }],
    ['--duration', '600', { durationMs: 600_000 }],
    ['--out', './-here', { out: './-here' }],
  ])('takes %s %s', (option, value, read) => expect(readArguments(['run', option, value])).toMatchObject(read))

  it.each([
    [['walk'], 'there is no command "walk": list, run, report, judge, compare, help, probe, size'],
    [[''], 'there is no command "": list, run, report, judge, compare, help, probe, size'],
    [['--seed', '1'], 'a command is missing: list, run, report, judge, compare, help, probe, size'],
    [['run', '--fast'], 'there is no option --fast'],
    [['run', '-1'], 'there is no option -1'],
    [['run', '--seed', '1', '--seed=2'], '--seed is given twice'],
    [['run', '--json=yes'], '--json takes no value'],
    [['list', 'C1'], 'list has no use for "C1": it takes no arguments'],
    [['list', '--seed', '1'], 'list has no option --seed: allowed is --json'],
    [['report', 'one', 'two'], 'report has no use for "two": it takes one folder'],
    [['report', ''], 'report was given "": allowed is a folder'],
    [['report', '--json'], 'report has no option --json: allowed is --summary'],
    [['report', '--summary', ''], `--summary is "": ${folder}`],
    [['compare', 'one'], 'compare needs two folders, each with a report.json'],
    [['compare', 'one', 'two', 'three'], 'compare has no use for "three": it takes two folders'],
    [['compare', 'one', 'two', '--json'], 'compare has no option --json: allowed is none'],
    [['help', 'run'], 'help has no use for "run": it takes no arguments'],
  ])('refuses %j', (argv, message) => expect(refusal(argv)).toBe(message))
})

it('explains itself within 80 columns', () => {
  expect(usage.split('\n').filter((line) => line.length > 80)).toEqual([])
})
