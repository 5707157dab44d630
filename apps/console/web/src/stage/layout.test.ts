import { describe, expect, it } from 'vitest'
import { mostNodes } from '../../../wire/frame.ts'
import { along, type LaneShape, reversed, stageLayout, textWidth, wireTo } from './layout.ts'

const three = (nodes: number): LaneShape[] => [
  { id: 'local', shared: false, nodes },
  { id: 'sticky', shared: false, nodes },
  { id: 'clustered', shared: true, nodes },
]
const sizes = [
  [1390, 634, false],
  [1254, 546, true],
  [1390, 320, false],
  [982, 500, false],
  [372, 530, false],
  [372, 208, false],
] as const

describe('the picture’s layout', () => {
  it.each(
    sizes.flatMap(([w, h, present]) => [1, 2, 3, 6, mostNodes, 40].map((nodes) => [w, h, present, nodes] as const)),
  )('%i × %i (presented: %s) keeps %i servers apart, and everything within its lane', (w, h, present, nodes) => {
    const layout = stageLayout({ w, h, present }, three(nodes), 9)
    for (const lane of layout.lanes) {
      const bottom = lane.y + h
      expect(lane.x).toBeGreaterThanOrEqual(0)
      expect(lane.x + lane.w).toBeLessThanOrEqual(w)
      for (const [at, box] of lane.nodes.entries()) {
        expect(box.w).toBeGreaterThan(0)
        const next = lane.nodes[at + 1]
        if (next && nodes <= mostNodes) expect(next.x - (box.x + box.w)).toBeGreaterThanOrEqual(3.9)
      }
      // Down the lane: head, people, balancer, servers, shelf, browser.
      if (lane.low) continue
      const rows = [lane.head, lane.floor, lane.balancer?.y, lane.nodes[0]?.y, lane.shelf.y, lane.browser?.y, bottom]
      const there = rows.filter((row) => row !== undefined)
      expect(there).toEqual(there.toSorted((one, other) => one - other))
    }
  })

  it('puts the same rows of all lanes at the same height where they stand side by side', () => {
    const { lanes } = stageLayout({ w: 1390, h: 634, present: false }, three(3), 9)
    for (const row of ['floor', 'head'] as const) expect(new Set(lanes.map((lane) => lane[row])).size).toBe(1)
    expect(new Set(lanes.map(({ shelf }) => shelf.y)).size).toBe(1)
  })

  it('draws bands on a telephone, all of them at once', () => {
    const { kind, lanes } = stageLayout({ w: 372, h: 530, present: false }, three(3), 9)
    expect(kind).toBe('band')
    expect(lanes.map(({ y }) => Math.round(y))).toEqual([0, 177, 353])
  })

  it('drops the servers, and never the people, where a band is very low', () => {
    expect(
      stageLayout({ w: 372, h: 208, present: false }, three(3), 9).lanes.every(({ low, person }) => low && person > 12),
    ).toBe(true)
  })
})

describe('a wire', () => {
  it('begins at the balancer and ends at the server', () => {
    const [lane] = stageLayout({ w: 1390, h: 634, present: false }, three(3), 9).lanes
    if (!lane?.nodes[0] || !lane.balancer) throw new Error('no lane')
    const wire = wireTo(lane, lane.nodes[0])
    expect(along(wire, 0)).toEqual({ x: lane.cx, y: lane.balancer.y + lane.balancer.h })
    expect(along(wire, 1)).toEqual({ x: lane.nodes[0].x + lane.nodes[0].w / 2, y: lane.nodes[0].y })
    expect(along(reversed(wire), 0)).toEqual(along(wire, 1))
  })
})

it('takes Korean for as wide as it is', () => {
  expect(textWidth('서버', 10)).toBeGreaterThan(textWidth('ab', 10))
})
