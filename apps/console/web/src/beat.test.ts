import { expect, it } from 'vitest'
import { beat, type PictureClock, pictureMs } from './beat.ts'

/** A clock that is turned by hand; a browser's frame comes at once. */
function handClock() {
  let now = 1000
  let waiting: { act: () => void; at: number }[] = []
  const clock: PictureClock = {
    now: () => now,
    later: (act, ms) => waiting.push({ act, at: now + ms }),
    frame: (act) => act(now),
  }
  return {
    clock,
    turn(ms: number) {
      now += ms
      const due = waiting.filter(({ at }) => at <= now)
      waiting = waiting.filter(({ at }) => at > now)
      for (const { act } of due) act()
    },
  }
}

it('paints all who asked in one picture, and nobody twice', () => {
  const { clock, turn } = handClock()
  const { ask } = beat(clock)
  const painted: string[] = []
  const first = () => void painted.push('first')
  ask(first)
  ask(first)
  ask(() => void painted.push('second'))
  expect(painted).toEqual([])
  turn(0)
  expect(painted).toEqual(['first', 'second'])
  turn(pictureMs * 3)
  expect(painted).toHaveLength(2)
})

it('makes no more pictures than one in its pitch, however often it is asked', () => {
  const { clock, turn } = handClock()
  const { ask } = beat(clock)
  let pictures = 0
  const paint = () => {
    pictures++
    ask(paint)
  }
  ask(paint)
  for (let ms = 0; ms < 1000; ms++) turn(1)
  expect(pictures).toBe(1000 / pictureMs)
})

it('forgets whoever is gone before the picture', () => {
  const { clock, turn } = handClock()
  const { ask, forget } = beat(clock)
  const paint = () => {
    throw new Error('painted')
  }
  ask(paint)
  forget(paint)
  turn(0)
})
