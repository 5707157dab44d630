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
