import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Stalls } from './stall.ts'

const stalls = new Stalls(1000)
beforeEach(() => void vi.useFakeTimers())
afterEach(() => {
  stalls.close()
  vi.useRealTimers()
})

test('somebody who takes nothing for the bound is told of once', () => {
  const onStall = vi.fn()
  stalls.watch({ writableLength: 10 }, onStall)
  vi.advanceTimersByTime(900)
  expect(onStall).not.toHaveBeenCalled()
  vi.advanceTimersByTime(10_000)
  expect(onStall).toHaveBeenCalledOnce()
})

test('reading slowly is not stalling', () => {
  const onStall = vi.fn()
  const taker = { writableLength: 10 }
  stalls.watch(taker, onStall)
  for (let left = 9; left > 0; left--) {
    taker.writableLength = left
    vi.advanceTimersByTime(1000)
  }
  expect(onStall).not.toHaveBeenCalled()
  vi.advanceTimersByTime(2200)
  expect(onStall).toHaveBeenCalledOnce()
})

test('a response whose turn has not come, and one that is over, are not stalled', () => {
  const onStall = vi.fn()
  stalls.watch({ writableLength: 10, socket: null }, onStall)
  stalls.watch({ writableLength: 10 }, onStall).over()
  vi.advanceTimersByTime(10_000)
  expect(onStall).not.toHaveBeenCalled()
})
