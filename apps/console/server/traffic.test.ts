import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { Traffic } from './traffic.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

it('makes nobody act before it has begun, and then only if nobody has stopped the clock meanwhile', () => {
  let acts = 0
  using traffic = new Traffic(() => {
    acts++
    return []
  })
  traffic.setClock({ running: true, rate: 200 })
  vi.advanceTimersByTime(1000)
  expect(traffic.clock).toEqual({ running: true, rate: 200 })
  traffic.setClock({ running: false })
  traffic.begin()
  vi.advanceTimersByTime(1000)
  expect(traffic.clock.running).toBe(false)
  expect(acts).toBe(0)
})

it('acts by itself once it has begun', () => {
  let acts = 0
  using traffic = new Traffic(() => {
    acts++
    return []
  })
  traffic.setClock({ running: true, rate: 200 })
  traffic.begin()
  vi.advanceTimersByTime(1000)
  expect(acts).toBeGreaterThan(0)
  expect(traffic.clock).toEqual({ running: true, rate: 200 })
})
