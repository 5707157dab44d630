import { describe, expect, it } from 'vitest'
import { filePalette, pagePalette } from './palette.ts'

const colorsIn = (css: string) =>
  Object.fromEntries(
    [...css.matchAll(/--([\w-]+): (#[\da-f]{6});/g)].map(([, name, color]) => [name, color]),
  ) as Record<string, string>
const [light = '', dark = ''] = filePalette.split('@media')

/** Contrast of two colours, 1 to 21 (WCAG 2.2, relative luminance). */
function contrast(first: string, second: string): number {
  const luminance = (color: string) => {
    const parts = [1, 3, 5].map((at) => Number.parseInt(color.slice(at, at + 2), 16) / 255)
    const [red = 0, green = 0, blue = 0] = parts.map((part) =>
      part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4,
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
  }
  const [lighter = 0, darker = 0] = [luminance(first), luminance(second)].sort((a, b) => b - a)
  return (lighter + 0.05) / (darker + 0.05)
}

const marks = ['found', 'miss', 'lost', 'error', 'accent', 'node-1', 'node-2', 'node-3', 'node-4']
const onPanel = ['text', 'muted', 'found', 'miss', 'lost', 'error', 'accent']
const pairs = [
  ...onPanel.map((ink) => [ink, 'panel']),
  ...['found', 'miss', 'lost', 'error'].map((ink) => [ink, `${ink}-bg`]),
  ...marks.map((ground) => ['on-node', ground]),
  ['text', 'accent-bg'],
  ['text', 'bg'],
  ['on-accent', 'accent'],
]

describe.each([
  ['light', light],
  ['dark', dark],
])('the %s colours', (_, css) => {
  it('can be read on one another (WCAG AA, 4.5)', () => {
    const colors = colorsIn(css)
    const of = (name = '') => colors[name] ?? expect.fail(`no ${name}`)
    const faint = pairs.filter(([ink, ground]) => contrast(of(ink), of(ground)) < 4.5)
    expect(faint.map(([ink, ground]) => `${ink} on ${ground}: ${contrast(of(ink), of(ground)).toFixed(2)}`)).toEqual([])
  })
})

it('paper is light whatever the theme', () => {
  const paper = colorsIn(pagePalette.slice(pagePalette.indexOf('@media print')))
  expect(paper).toEqual({ ...colorsIn(light), bg: '#ffffff' })
})
