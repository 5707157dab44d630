import { describe, expect, it } from 'vitest'
import type { Text } from '../language.ts'
import { experiments } from './index.ts'

const wordsOf = ({ title, says, steps, expected, limits }: (typeof experiments)[number]): Text[] => [
  title,
  says,
  steps,
  expected,
  ...(limits ? [limits] : []),
]

describe('the index', () => {
  it('has every claim of the tutorial, in its order', () => {
    const claims = experiments.map(({ id }) => id).filter((id) => id.startsWith('C'))
    expect(claims).toEqual(['C0', 'C1', 'C2', 'C3', 'C4', 'C5', 'C6', 'C7'])
  })

  it('has each experiment once', () => {
    const ids = experiments.map(({ id }) => id)
    expect(new Set(ids).size).toBe(ids.length)
  })

  it.each(experiments.map((experiment) => [experiment.id, experiment] as const))(
    'tells %s in English and in Korean',
    (_, experiment) => {
      for (const { en, ko } of wordsOf(experiment)) {
        expect(en).not.toMatch(/\p{Script=Hangul}/u)
        expect(ko).toMatch(/\p{Script=Hangul}/u)
        expect(ko).not.toBe(en)
      }
    },
  )
})
