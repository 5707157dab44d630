import { expect, it } from 'vitest'
import { type Beat, beat, mostRestMs, type PictureClock, pictureMs } from './beat.ts'

/** A clock that is turned by hand; a browser's frame comes at once, and its picture takes `costMs`. */
function handClock(costMs = 0) {
  let now = 1000
  let waiting: { act: () => void; at: number }[] = []
  const clock: PictureClock = {
    now: () => now,
    later: (act, ms) => waiting.push({ act, at: now + ms }),
    frame: (act) => act(now),
    done: (act) => {
      if (costMs === 0) act()
      else waiting.push({ act, at: now + costMs })
    },
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

/** Paints, and asks again each time; answers how many pictures there were. */
function counted({ ask }: Beat) {
  let pictures = 0
  const paint = () => {
    pictures++
    ask(paint)
  }
  ask(paint)
  return () => pictures
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
  const pictures = counted(beat(clock))
  for (let ms = 0; ms < 1000; ms++) turn(1)
  expect(pictures()).toBe(1000 / pictureMs)
})

it('makes fewer pictures when each takes long: of the time, pictures get a quarter at most', () => {
  const costMs = 60
  const { clock, turn } = handClock(costMs)
  const pictures = counted(beat(clock))
  for (let ms = 0; ms < 2400; ms++) turn(1)
  expect(pictures() * costMs).toBe(2400 / 4)
})

it('goes on soon after a computer that slept for an hour', () => {
  const { clock, turn } = handClock(3_600_000)
  const pictures = counted(beat(clock))
  turn(0)
  turn(3_600_000)
  turn(mostRestMs)
  expect(pictures()).toBe(2)
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

it('goes on with the others when one throws', () => {
  const { clock, turn } = handClock()
  const { ask } = beat(clock)
  const painted: string[] = []
  ask(() => {
    throw new Error('cannot paint')
  })
  ask(() => void painted.push('second'))
  expect(() => turn(0)).toThrow('cannot paint')
  turn(pictureMs)
  expect(painted).toEqual(['second'])
})
