import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { Traffic } from './traffic.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** Users whose clock runs, on a stage without lanes; `lanes` is asked for them whenever somebody acts. */
function running() {
  const lanes = vi.fn(() => [])
  const traffic = new Traffic(lanes)
  traffic.setClock({ running: true, rate: 200 })
  return { traffic, lanes, [Symbol.dispose]: () => traffic[Symbol.dispose]() }
}

it('makes nobody act before it has begun, and then only if nobody has stopped the clock meanwhile', () => {
  using users = running()
  const { traffic, lanes } = users
  vi.advanceTimersByTime(1000)
  expect(traffic.clock).toMatchObject({ running: true, rate: 200 })
  traffic.setClock({ running: false })
  traffic.begin()
  vi.advanceTimersByTime(1000)
  expect(traffic.clock.running).toBe(false)
  expect(lanes).toHaveBeenCalledTimes(0)
})

it('acts by itself once it has begun', () => {
  using users = running()
  const { traffic, lanes } = users
  traffic.begin()
  vi.advanceTimersByTime(1000)
  expect(lanes.mock.calls.length).toBeGreaterThan(0)
  expect(traffic.clock).toMatchObject({ running: true, rate: 200 })
})

it('stands still while a page has paused it, and goes on when the last such page lets go', () => {
  using users = running()
  const { traffic, lanes } = users
  traffic.begin()
  traffic.pause('one')
  traffic.pause('other')
  lanes.mockClear()
  vi.advanceTimersByTime(1000)
  traffic.resume('one')
  vi.advanceTimersByTime(1000)
  expect(lanes).not.toHaveBeenCalled()
  expect(traffic.clock).toEqual({ running: false, rate: 200, pausedBy: ['other'] })
  traffic.resume('other')
  vi.advanceTimersByTime(1000)
  expect(lanes).toHaveBeenCalled()
})

it('rests after a pause if it rested before, and goes on at once when somebody wants it to', () => {
  using users = running()
  const { traffic, lanes } = users
  traffic.setClock({ running: false })
  traffic.begin()
  traffic.pause('one')
  traffic.resume('one')
  vi.advanceTimersByTime(1000)
  expect(lanes).not.toHaveBeenCalled()
  traffic.pause('one')
  traffic.setClock({ rate: 100 })
  expect(traffic.clock.running).toBe(false)
  traffic.setClock({ running: true })
  vi.advanceTimersByTime(1000)
  expect(lanes).toHaveBeenCalled()
  expect(traffic.clock.pausedBy).toEqual([])
})

it('begins anew with the first nine, whoever was added, and lets nobody act meanwhile', async () => {
  using users = running()
  const { traffic, lanes } = users
  traffic.begin()
  traffic.addUser()
  const work = Promise.withResolvers<void>()
  const done = traffic.beginAnew(() => work.promise)
  lanes.mockClear()
  vi.advanceTimersByTime(1000)
  expect(lanes).not.toHaveBeenCalled()
  work.resolve()
  await done
  expect(traffic.names).toHaveLength(9)
  vi.advanceTimersByTime(1000)
  expect(lanes).toHaveBeenCalled()
})
