import { describe, expect, it } from 'vitest'
import { historyOf } from '../history.ts'
import { type Cycle, givenBack, seeMemoryComeBack, straightness, type X7Row } from './x7-grown.ts'

const where = { place: 'memory', valueBytes: 1000 } as const
const settings = { experiment: 'X7', seed: 1, preset: 'quick', repeats: 5, durationMs: 1, patienceMs: 1 } as const

/** What was written down, and what is said of it. */
function notebook() {
  const rows: X7Row[] = []
  const history = () => historyOf(settings, rows)
  const lab = { ...settings, signal: new AbortController().signal, history, record: (row: X7Row) => rows.push(row) }
  return { lab: lab as unknown as Parameters<typeof seeMemoryComeBack>[0], check: () => givenBack(history(), where) }
}

describe('straightness', () => {
  const verdict = (bytes: (sessions: number) => number) => {
    const curve = Array.from({ length: 11 }, (_, step) => ({ sessions: step * 1000, bytes: bytes(step * 1000) }))
    return straightness(historyOf(settings, []), { ...where, curve }).verdict
  }

  it('holds of a straight line, with a hash table that doubles on it', () =>
    expect(verdict((sessions) => 1600 * sessions + 16 * 2 ** Math.ceil(Math.log2(sessions + 1)))).toBe('holds'))
  it('fails of a curve that gets steeper', () => expect(verdict((sessions) => sessions ** 2)).toBe('fails'))
  it('fails of a curve that gets flatter', () => expect(verdict(Math.cbrt)).toBe('fails'))
})

describe('seeMemoryComeBack', () => {
  const cycle = (after: number): Cycle => ({ before: 100, full: 200, after })

  it('takes the whole growth and as many small ones as a ratio needs', async () => {
    const { lab, check } = notebook()
    let again = 0
    await seeMemoryComeBack(lab, where, cycle(110), async () => cycle(100 + ++again))
    expect(check().samples).toEqual([0.1, 0.01, 0.02, 0.03, 0.04])
    expect(check().verdict).toBe('holds')
  })

  it('fails when the memory does not come back', async () => {
    const { lab, check } = notebook()
    await seeMemoryComeBack(lab, where, cycle(190), async () => cycle(180))
    expect(check().verdict).toBe('fails')
  })

  it('asks for no second growth where the first never went, and gives no verdict on one', async () => {
    const { lab, check } = notebook()
    await seeMemoryComeBack(lab, where, cycle(190), undefined)
    expect(check().samples).toEqual([0.9])
    expect(check().verdict).toBe('inconclusive')
  })
})
