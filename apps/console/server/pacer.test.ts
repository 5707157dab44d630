import { expect, it } from 'vitest'
import { mostBehindMs, type PacerClock, pacer } from './pacer.ts'

/** A clock that is turned by hand, whose timers come late. */
function handClock(lateMs: number) {
  let now = 0
  let waiting: { act: () => void; at: number } | undefined
  const clock: PacerClock = {
    now: () => now,
    later(act, ms) {
      waiting = { act, at: now + ms + lateMs }
      return () => {
        waiting = undefined
      }
    },
  }
  return {
    clock,
    turn(ms: number) {
      const end = now + ms
      while (waiting && waiting.at <= end) {
        now = Math.max(now, waiting.at)
        const { act } = waiting
        waiting = undefined
        act()
      }
      now = end
    },
    skip(ms: number) {
      now += ms
    },
  }
}

it.each([0, 2, 9, 60])('keeps its mean rate although every timer comes %i ms late', (lateMs) => {
  const { clock, turn } = handClock(lateMs)
  let acts = 0
  using _pacer = pacer(67, () => acts++, clock)
  turn(10_000 + lateMs + 15)
  expect(acts).toBeGreaterThanOrEqual(667)
  expect(acts).toBeLessThanOrEqual(676)
})

it('leaves out what is too long ago to be made up for', () => {
  const { clock, turn, skip } = handClock(0)
  let acts = 0
  using _pacer = pacer(100, () => acts++, clock)
  skip(60_000)
  turn(20)
  expect(acts).toBeGreaterThan(0)
  expect(acts).toBeLessThanOrEqual(mostBehindMs / 10 + 3)
})

it('can be disposed by the very act that it calls', () => {
  const { clock, turn } = handClock(0)
  let acts = 0
  const running: Disposable = pacer(
    10,
    () => {
      acts++
      running[Symbol.dispose]()
    },
    clock,
  )
  turn(1000)
  expect(acts).toBe(1)
})

it('acts no more once it is disposed', () => {
  const { clock, turn } = handClock(0)
  let acts = 0
  const running = pacer(10, () => acts++, clock)
  turn(100)
  running[Symbol.dispose]()
  turn(1000)
  expect(acts).toBe(1)
})
