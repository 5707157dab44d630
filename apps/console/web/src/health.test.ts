import { describe, expect, it } from 'vitest'
import { nodeBoxes } from './geometry.ts'
import { healthOf, healthSigns, wordFor } from './health.ts'
import { languages, translator } from './i18n/translate.ts'

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

  it.each(languages)('has a word that fits into its card, of six as of three, in %s', (lang) => {
    const t = translator(lang)
    for (const count of [3, 4, 5, 6])
      for (const state of ['draining', 'maintenance'] as const)
        expect(
          wordFor([t(`state.${state}`), t(`state.${state}.short`)], (nodeBoxes(count, true)[0]?.width ?? 0) - 6),
          `${state} of ${count}`,
        ).not.toBe('')
  })
})

it('takes the longest word that fits, and none rather than one that does not', () => {
  expect(wordFor(['maintenance', 'maint.'], 100)).toBe('maintenance')
  expect(wordFor(['maintenance', 'maint.'], 50)).toBe('maint.')
  expect(wordFor(['maintenance', 'maint.'], 20)).toBe('')
})
