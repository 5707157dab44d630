import { describe, expect, it } from 'vitest'
import { healthOf, healthSigns } from './health.ts'

describe('a node that was set aside', () => {
  it.each(['draining', 'maintenance', 'leaving'])('is neither well nor ill: %s', (state) => {
    expect(healthOf({ state, process: 'running' })).toBe('aside')
  })

  it('is ill all the same when its process is dead or frozen', () => {
    expect(healthOf({ state: 'draining', process: 'crashed' })).toBe('ill')
    expect(healthOf({ state: 'up', process: 'frozen' })).toBe('ill')
    expect(healthOf({ state: 'up', process: 'running' })).toBe('well')
  })

  it('has a sign of its own', () => {
    expect(new Set(Object.values(healthSigns)).size).toBe(3)
  })
})
