import { describe, expect, it } from 'vitest'
import { isStep, type Place, readPlace, revisited, settled, writePlace } from './link.ts'

const place: Place = {
  lang: 'ko',
  theme: 'dark',
  user: 'Erin',
  lane: 'clustered',
  drawer: 'redis',
  tour: { chapter: 4, step: 2 },
  present: true,
  only: undefined,
}

describe('a deep link', () => {
  it('comes back as it was', () => {
    expect(readPlace(writePlace(place), 'en')).toEqual(place)
    const plain: Place = {
      ...place,
      theme: undefined,
      user: undefined,
      drawer: undefined,
      tour: undefined,
      present: false,
    }
    expect(readPlace(writePlace(plain), 'en')).toEqual(plain)
  })

  it('falls back to the first view for anything else', () => {
    const first = {
      lang: 'en',
      theme: undefined,
      user: undefined,
      lane: 'sticky',
      drawer: undefined,
      tour: undefined,
      present: false,
      only: undefined,
    }
    expect(readPlace('', 'en')).toEqual(first)
    expect(readPlace('#lang=fr&theme=pink&user=<b>&lane=x&drawer=y&tour=9.1&present=yes', 'en')).toEqual(first)
  })

  it('never names a lane that is not there', () => {
    const start = readPlace('', 'en')
    expect(settled(start, ['local']).lane).toBe('local')
    expect(settled(start, ['local', 'sticky', 'clustered'])).toBe(start)
    expect(settled(start, [])).toBe(start)
  })

  it('opens a chapter at its first step', () => {
    expect(readPlace('#tour=3', 'en').tour).toEqual({ chapter: 3, step: 1 })
  })

  it('opens no step before the first', () => {
    expect(readPlace('#tour=3.0', 'en').tour).toBeUndefined()
  })
})

describe('the browser’s history', () => {
  it('has an entry for each step of the tour, its opening and its end, and for nothing else', () => {
    const step = (tour: Place['tour']) => isStep(place, { ...place, tour })
    expect([step({ chapter: 4, step: 3 }), step({ chapter: 5, step: 2 }), step(undefined)]).toEqual([true, true, true])
    expect(isStep({ ...place, tour: undefined }, place)).toBe(true)
    const other: Place = {
      lang: 'en',
      theme: 'light',
      user: 'Bob',
      lane: 'local',
      drawer: undefined,
      tour: { ...place.tour, chapter: 4, step: 2 },
      present: false,
      only: undefined,
    }
    expect(isStep(place, other)).toBe(false)
  })

  it('leads back to what was looked at, read as it is read now', () => {
    const there: Place = { ...place, lang: 'en', theme: undefined, user: 'Bob', drawer: undefined, present: false }
    expect(revisited(there, place)).toEqual({ ...there, lang: 'ko', theme: 'dark', present: true })
  })
})
