import { describe, expect, it } from 'vitest'
import type { Disabled, LaneView } from '../../../wire/frame.ts'
import { refusal } from './refusal.ts'

const lane = (
  names: string,
  rest: { disabled?: Disabled; redis?: LaneView['redis']; state?: LaneView['state'] } = {},
) => ({
  state: 'ready' as const,
  disabled: {},
  nodes: [...names].map((name) => ({ name })),
  ...rest,
})

describe('a question', () => {
  it('can be asked as long as one lane can have it', () => {
    expect(refusal('add', undefined, [lane('abc', { disabled: { add: 'full' } }), lane('abc')])).toBeUndefined()
    expect(refusal('crash', 'b', [lane('ac'), lane('abc')])).toBeUndefined()
  })

  it('is refused with a lane’s reason when none can', () => {
    const full = lane('abcdefghijkl', { disabled: { add: 'full' } })
    expect(refusal('add', undefined, [full, full])).toBe('full')
  })

  it('about b is refused when there is no b anywhere', () => {
    expect(refusal('crash', 'b', [lane('ac'), lane('acd')])).toBe('no-b')
  })

  it('about Redis asks only the lanes that have one', () => {
    const redis = { redis: { state: 'up' as const }, disabled: { 'redis-stop': 'foreign-redis' } }
    expect(refusal('redis-stop', undefined, [lane('abc'), lane('abc', redis)])).toBe('foreign-redis')
  })

  it('waits until a lane is up', () => {
    expect(refusal('add', undefined, [lane('', { state: 'starting' })])).toBe('starting')
  })
})
