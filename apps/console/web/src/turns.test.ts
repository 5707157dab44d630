import { expect, it } from 'vitest'
import type { Beat } from './beat.ts'
import { partsPerPicture, turns } from './turns.ts'

/** A beat whose pictures are made by hand. */
function handBeat() {
  const asked = new Set<(now: number) => void>()
  const beat: Beat = {
    ask: (paint) => void asked.add(paint),
    forget: (paint) => void asked.delete(paint),
  }
  return {
    beat,
    picture() {
      const painters = [...asked]
      asked.clear()
      for (const paint of painters) paint(0)
      return painters.length > 0
    },
  }
}

/** Parts by name, and who of them was drawn in each picture. */
function parts(names: readonly string[]) {
  const { beat, picture } = handBeat()
  const round = turns(beat)
  let drawn: string[] = []
  const leave = new Map(names.map((name) => [name, round.join(() => void drawn.push(name))]))
  const pictures = () => {
    const all: string[][] = []
    while (picture()) {
      all.push(drawn)
      drawn = []
    }
    return all
  }
  return { round, leave, picture, pictures, drawn: () => drawn }
}

it('draws every part once, in their order, and no more than so many in one picture', () => {
  const { round, pictures } = parts(['a', 'b', 'c', 'd', 'e'])
  round.round()
  expect(pictures()).toEqual([['a', 'b'], ['c', 'd'], ['e']])
  expect(partsPerPicture).toBe(2)
})

it('draws nobody while nothing happens', () => {
  expect(parts(['a']).pictures()).toEqual([])
})

it('leaves nobody out and draws nobody twice when the next round begins before the last is over', () => {
  const { round, picture, pictures, drawn } = parts(['a', 'b', 'c', 'd', 'e'])
  round.round()
  picture()
  round.round()
  picture()
  expect(drawn()).toEqual(['a', 'b', 'c', 'd'])
  // e still waited from the first round, and c and d were drawn after the second began: only a and b are due again.
  expect(pictures().flat().slice(4)).toEqual(['e', 'a', 'b'])
})

it('draws no part that has left, and none at all once it is stopped', () => {
  const { round, leave, pictures } = parts(['a', 'b', 'c'])
  round.round()
  leave.get('b')?.()
  expect(pictures().flat()).toEqual(['a', 'c'])
  round.round()
  round.stop()
  expect(pictures()).toEqual([])
})

it('goes on with the others when one throws', () => {
  const { round, picture, pictures } = parts(['a', 'b', 'c'])
  round.join(() => {
    throw new Error('cannot draw')
  })
  round.join(() => {})
  round.join(() => {})
  round.round()
  picture()
  expect(picture).toThrow('cannot draw')
  expect(pictures()).toHaveLength(1)
})
