import { describe, expect, it } from 'vitest'
import { formatNumber, isText, localise, say, text } from './language.ts'

describe('say', () => {
  it('speaks the language that it is asked for', () => {
    expect(say(text('lost', '유실'), 'ko')).toBe('유실')
    expect(say(text('lost', '유실'), 'en')).toBe('lost')
  })
  it('leaves what reads the same everywhere', () => expect(say('node a', 'ko')).toBe('node a'))
})

describe('formatNumber', () => {
  it('separates thousands and shortens the rest', () => {
    expect([12_345.6, 100, 7.5432, 0.12345, 0].map(formatNumber)).toEqual(['12,346', '100', '7.54', '0.123', '0'])
  })
  it('gives no sign to what is rounded to nothing', () => {
    expect([-0.0004, -0, -0.4].map(formatNumber)).toEqual(['0', '0', '−0.4'])
  })
  it('shows a dash for what could not be measured', () => expect(formatNumber(Number.NaN)).toBe('–'))
})

describe('localise', () => {
  it('replaces texts wherever they are and nothing else', () => {
    const spec = { title: text('time', '시간'), data: [{ en: 1 }, text('a', '가')], width: 640, legend: null }
    expect(localise(spec, 'ko')).toEqual({ title: '시간', data: [{ en: 1 }, '가'], width: 640, legend: null })
  })
  it('takes only what has every language, as a string, for a text', () => {
    expect([{ en: 'a' }, { en: 'a', ko: 1 }, { en: 'a', ko: 'b', de: 'c' }, null].some(isText)).toBe(false)
  })
})
