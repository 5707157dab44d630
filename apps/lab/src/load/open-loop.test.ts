import { seededRandom } from '@session-cluster/visitor'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { inParallel, openLoop, poissonSchedule, steadySchedule } from './open-loop.ts'

describe('poissonSchedule', () => {
  const options = { perSecond: 100, durationMs: 60_000 }
  const schedule = poissonSchedule({ ...options, random: seededRandom(1, 'arrivals') })

  it('keeps the pace on average', () => expect(schedule.length / 60).toBeCloseTo(100, -1))
  it('rises and ends within the time', () => {
    expect(schedule.every((due, index) => index === 0 || due >= (schedule[index - 1] ?? 0))).toBe(true)
    expect(schedule.at(-1)).toBeLessThan(60_000)
  })
  it('has exponential gaps: their deviation is their mean', () => {
    const gaps = schedule.slice(1).map((due, index) => due - (schedule[index] ?? 0))
    const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length
    const deviation = Math.sqrt(gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / gaps.length)
    expect(deviation / mean).toBeCloseTo(1, 1)
  })
  it('is the same for the same seed', () => {
    expect(poissonSchedule({ ...options, random: seededRandom(1, 'arrivals') })).toEqual(schedule)
  })
})

describe('openLoop', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance', 'setImmediate'] }))
  afterEach(() => void vi.useRealTimers())

  it('sends what is due although earlier requests have not been answered', async () => {
    const sentAt: number[] = []
    const start = performance.now()
    const stuck = Promise.withResolvers<void>()
    const load = openLoop(steadySchedule({ perSecond: 10, count: 5 }), () => {
      sentAt.push(performance.now() - start)
      return stuck.promise
    })
    await vi.advanceTimersByTimeAsync(1000)
    expect(sentAt).toEqual([0, 100, 200, 300, 400])
    stuck.resolve()
    expect(await load).toHaveLength(5)
  })

  it('counts the wait from when a request was due, so that a stall shows in all that came meanwhile', async () => {
    const start = performance.now()
    const open = () => new Promise<void>((resolve) => setTimeout(resolve, 1000 - (performance.now() - start)))
    const load = openLoop(steadySchedule({ perSecond: 10, count: 5 }), open)
    await vi.advanceTimersByTimeAsync(2000)
    expect((await load).map((sample) => sample.latencyMs)).toEqual([1000, 900, 800, 700, 600])
  })

  it('keeps the order of the schedule', async () => {
    const load = openLoop(steadySchedule({ perSecond: 1000, count: 3 }), async (index) => index * 2)
    await vi.advanceTimersByTimeAsync(100)
    expect((await load).map((sample) => sample.result)).toEqual([0, 2, 4])
  })

  it('ends when it is told to', async () => {
    const stop = new AbortController()
    const sent = vi.fn(async () => {})
    const load = openLoop(steadySchedule({ perSecond: 10, count: 100 }), sent, { signal: stop.signal })
    const ended = expect(load).rejects.toThrow('aborted')
    await vi.advanceTimersByTimeAsync(250)
    stop.abort()
    await ended
    expect(sent).toHaveBeenCalledTimes(3)
  })
})

describe('inParallel', () => {
  it('keeps the order and never has more under way than allowed', async () => {
    let underWay = 0
    let most = 0
    const results = await inParallel([5, 1, 4, 2, 3], 2, async (item) => {
      most = Math.max(most, ++underWay)
      for (let turn = 0; turn < item; turn++) await Promise.resolve()
      underWay--
      return item * 10
    })
    expect(results).toEqual([50, 10, 40, 20, 30])
    expect(most).toBe(2)
  })
})
