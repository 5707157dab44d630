import { describe, expect, it } from 'vitest'
import { UsageError } from '../usage-error.ts'
import { readSize } from './arguments.ts'
import { type Measured, readMeasured, readPoints } from './measured.ts'
import { type Demand, defaultLimits, loadOf, planOf, runsOutAt } from './plan.ts'
import { simulate } from './simulation.ts'

const measured = readMeasured()
const points = readPoints()
const demand: Demand = {
  users: 100_000,
  requestsPerSecond: 5000,
  sessionBytes: 500,
  writeShare: 0.1,
  appUs: 1000,
  requestBytes: 10_000,
}

describe('the load', () => {
  it.each(points)('is what was measured with $sessions sessions of $valueBytes bytes', (point) => {
    const load = (writeShare: number) =>
      loadOf(
        { ...demand, users: point.sessions, sessionBytes: point.valueBytes, requestsPerSecond: 1, writeShare },
        measured,
      )
    const off = (computed: number, seen: number) => Math.abs(computed / seen - 1)
    // 1,000 sessions are few: Redis's own tables weigh on them.
    expect(off(load(0).redisBytes, point.usedBytes)).toBeLessThan(0.15)
    expect(off(load(0).redisNetBytes, point.netBytes.read)).toBeLessThan(0.05)
    expect(off(load(1).redisNetBytes, point.netBytes.write)).toBeLessThan(0.05)
    // CPU grows with the value; the plan goes by small ones, and says so.
    if (point.valueBytes <= 1000) {
      expect(off(load(0).redisCores * 1e6, point.cpuUs.read)).toBeLessThan(0.35)
      expect(off(load(1).redisCores * 1e6, point.cpuUs.write)).toBeLessThan(0.35)
    }
  })

  it('of a point that the figures were not taken from is foretold by the others', () => {
    for (const left of points.filter(({ sessions }) => sessions >= 10_000)) {
      const others = readMeasured(points.filter((point) => point !== left))
      const { redisBytes } = loadOf({ ...demand, users: left.sessions, sessionBytes: left.valueBytes }, others)
      expect(Math.abs(redisBytes / left.usedBytes - 1)).toBeLessThan(0.15)
    }
  })

  it('counts a read as one command and a write as two, as the library promises', () => {
    expect([measured.commands, measured.roundTrips]).toEqual([
      { read: 1, write: 2 },
      { read: 1, write: 2 },
    ])
  })
})

describe('the plan', () => {
  const even: Measured = {
    serverUs: { read: 100, write: 100 },
    balancerUs: 50,
    redisUs: { read: 10, write: 10 },
    sessionBytes: { base: 500, perByte: 1 },
    redisNetBytes: { read: 400, write: 800 },
    commands: { read: 1, write: 2 },
    roundTrips: { read: 1, write: 2 },
  }
  const small = { ...demand, appUs: 500, requestsPerSecond: 1000 }

  it('keeps away from every bound, and has one of each to lose', () => {
    // 1,000 × 600 µs is 0.6 of a core: one server, and one to lose.
    expect(planOf(small, even)).toMatchObject({ servers: 2, balancers: 2, primaries: 1, primariesBy: 'CPU' })
    expect(planOf({ ...small, requestsPerSecond: 1001 }, even).servers).toBe(3)
  })

  it.each([
    ['memory', { users: 40_000_000 }, 3],
    ['CPU', { requestsPerSecond: 200_000 }, 4],
    ['network', { requestsPerSecond: 20_000, sessionBytes: 200_000 }, 6],
  ] as const)('says that it is the %s that more primaries are for', (by, more, primaries) => {
    expect(planOf({ ...small, ...more }, even)).toMatchObject({ primaries, primariesBy: by })
  })

  it('names what runs out first, and when', () => {
    const [first] = runsOutAt({ ...small, requestsPerSecond: 100 }, even)
    expect(first).toEqual({ what: 'one server process', times: defaultLimits.headroom / 0.06 })
    const withoutApp = runsOutAt({ ...small, appUs: 0, requestsPerSecond: 100, users: 25_000_000 }, even)
    expect(withoutApp[0]?.what).toBe('one Redis: memory')
  })
})

describe('the simulation', () => {
  const seen = simulate({ servers: 60, clients: 6000, zones: 3, seed: 1 })
  const of = (by: string, event: string) => seen.find((each) => each.by === by && each.event.startsWith(event))

  it('moves by affinity only those whose server has gone', () => {
    expect(of('affinity cookie', 'discovery')?.moved).toBe(0)
    expect(of('affinity cookie', 'one server')?.moved).toBeCloseTo(1 / 60, 1)
    expect(of('affinity cookie', 'one of 3 zones')?.moved).toBeCloseTo(1 / 3, 1)
  })

  it('moves by consistent hash about as many as have to, and those to a new server, too', () => {
    expect(of('consistent hash', 'discovery')?.moved).toBeCloseTo(6 / 66, 1)
    expect(of('consistent hash', 'one of 3 zones')?.moved).toBeCloseTo(1 / 3, 1)
  })

  it('has everybody moved by a rolling restart, whoever remembers the clients', () => {
    expect([of('consistent hash', 'rolling')?.moved, of('affinity cookie', 'rolling')?.moved]).toEqual([1, 1])
  })

  it('is the same for the same seed', () => {
    expect(simulate({ servers: 60, clients: 6000, zones: 3, seed: 1 })).toEqual(seen)
  })
})

describe('what is typed', () => {
  it('needs users and requests; the rest has defaults', () => {
    expect(readSize(['--users', '1000', '--requests-per-second', '50'])).toMatchObject({
      demand: { users: 1000, requestsPerSecond: 50, sessionBytes: 500, writeShare: 0.1 },
      seed: 1,
    })
  })

  it.each([
    [[], '--users is missing: allowed is 1 to 1000000000'],
    [['--users', '1e3'], '--users is "1e3"'],
    [['--users', '9', '--requests-per-second', '0'], '--requests-per-second is "0"'],
    [['--users', '9', '--requests-per-second', '1', '--write-share', '2'], '--write-share is "2": allowed is 0 to 1'],
    [['now'], 'size takes no arguments: "now"'],
    [['--loud'], "size: Unknown option '--loud'"],
  ])('%j is refused in one line', (argv, line) => {
    expect(() => readSize(argv)).toThrow(UsageError)
    expect(() => readSize(argv)).toThrow(line)
  })
})
