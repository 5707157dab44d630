import { expect, it, vi } from 'vitest'
import type { Frame, LaneView } from '../../../wire/frame.ts'

// What the page asks of a browser at its start; the next picture comes when the test makes it.
const paints: ((now: number) => void)[] = []
vi.stubGlobal('location', { hash: '' })
vi.stubGlobal('history', { state: undefined, pushState: () => {}, replaceState: () => {} })
vi.stubGlobal('addEventListener', () => {})
vi.stubGlobal('matchMedia', () => ({ matches: false, addEventListener: () => {} }))
vi.stubGlobal('document', { documentElement: { dataset: {} }, title: '', hidden: false })
vi.stubGlobal('requestAnimationFrame', (paint: (now: number) => void) => paints.push(paint))
const { Page } = await import('./page.ts')

const lane = { id: 'sticky', mode: 'sticky', state: 'starting', nodes: [] } as unknown as LaneView
const frame = (part: Partial<Frame>): Frame => ({ full: false, records: [], notices: [], skipped: 0, ...part })

it('does not take for a sign of life what was heard before the silence and is let in after it', async () => {
  let hear: (frame: Frame) => void = () => {}
  let fallSilent = () => {}
  const page = new Page({
    onFrame: (listener) => {
      hear = listener
      return () => {}
    },
    onSilence: (listener) => {
      fallSilent = listener
      return () => {}
    },
    again: () => {},
  })
  const drawn = async () => {
    await expect.poll(() => paints.length).toBe(1)
    paints.shift()?.(performance.now())
  }
  hear(frame({ full: true, lanes: [lane] }))
  await drawn()
  expect(page.state.connection).toBe('live')
  hear(frame({}))
  fallSilent()
  expect(page.state.connection).toBe('broken')
  await drawn()
  expect(page.state.connection).toBe('broken')
  hear(frame({}))
  await drawn()
  expect(page.state.connection).toBe('live')
})
