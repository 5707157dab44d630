import { describe, expect, it } from 'vitest'
import { languages, sentences } from '../web/src/i18n/translate.ts'
import { mostNodes } from '../wire/frame.ts'
import { disabledHere } from './owned-lane.ts'

const nodes = (count: number) => Array.from({ length: count })

describe('adding a server', () => {
  it('can be had until the lane is full, and is refused before it is tried', () => {
    expect(disabledHere({ nodes: nodes(mostNodes - 1), redis: undefined }).add).toBeUndefined()
    expect(disabledHere({ nodes: nodes(mostNodes), redis: undefined }).add).toBe('full')
  })

  it.each(languages)('is refused with the number in %s', (lang) => {
    expect(sentences[lang]['disabled.full']).toContain(String(mostNodes))
  })

  it('is not even tried while Redis is away', () => {
    expect(disabledHere({ nodes: nodes(3), redis: { managed: true, state: 'crashed' } }).add).toBe('redis-away')
    expect(disabledHere({ nodes: nodes(3), redis: { managed: true, state: 'running' } }).add).toBeUndefined()
  })
})
