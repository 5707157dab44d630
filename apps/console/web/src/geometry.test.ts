import { describe, expect, it } from 'vitest'
import { mostNodes } from '../../wire/frame.ts'
import { along, nodeBoxes, width, wireTo } from './geometry.ts'

describe('nodeBoxes', () => {
  it.each([1, 2, 3, 4, 5, 6, mostNodes])('puts %i nodes side by side without touching, inside the drawing', (count) => {
    const boxes = nodeBoxes(count, false)
    for (const [index, box] of boxes.entries()) {
      expect(box.x - box.width / 2).toBeGreaterThanOrEqual(0)
      expect(box.x + box.width / 2).toBeLessThanOrEqual(width)
      const next = boxes[index + 1]
      if (next) expect(next.x - next.width / 2 - (box.x + box.width / 2)).toBeGreaterThanOrEqual(6)
      expect(box.perRow * box.radius * 2).toBeLessThanOrEqual(box.width)
    }
  })
})

it('draws as many nodes as somebody else’s lane may have: nothing gets a negative width', () => {
  for (const { width: box, bar, radius } of nodeBoxes(40, false)) {
    expect(box).toBeGreaterThan(0)
    expect(bar).toBeGreaterThanOrEqual(0)
    expect(radius).toBeGreaterThan(0)
  }
})

describe('along', () => {
  it('begins and ends where the wire does', () => {
    const wire = wireTo(50)
    expect(along(wire, 0)).toEqual(wire[0])
    expect(along(wire, 1)).toEqual(wire[3])
  })
})
