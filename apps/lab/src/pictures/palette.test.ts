import { describe, expect, it } from 'vitest'
import { strongest } from './heatmap.ts'
import { filePalette, pagePalette } from './palette.ts'

const colorsIn = (css: string) =>
  Object.fromEntries(
    [...css.matchAll(/--([\w-]+): (#[\da-f]{6});/g)].map(([, name, color]) => [name, color]),
  ) as Record<string, string>
const [light = '', dark = ''] = filePalette.split('@media')

/** One colour over another, so strong (0 to 1). */
function over(color: string, ground: string, strength: number): string {
  const parts = [1, 3, 5].map((at) => {
    const [top = 0, under = 0] = [color, ground].map((each) => Number.parseInt(each.slice(at, at + 2), 16))
    return Math.round(top * strength + under * (1 - strength))
  })
  return `#${parts.map((part) => part.toString(16).padStart(2, '0')).join('')}`
}

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
  ['text', 'heat'],
  ['text', 'bg'],
  ['on-accent', 'accent'],
]

describe.each([
  ['light', light],
  ['dark', dark],
])('the %s colours', (_, css) => {
  it('can be read on one another (WCAG AA, 4.5)', () => {
    const named = colorsIn(css)
    const heat = over(named.accent ?? '', named['accent-bg'] ?? '', strongest)
    const colors: Record<string, string> = { ...named, heat }
    const of = (name = '') => colors[name] ?? expect.fail(`no ${name}`)
    const faint = pairs.filter(([ink, ground]) => contrast(of(ink), of(ground)) < 4.5)
    expect(faint.map(([ink, ground]) => `${ink} on ${ground}: ${contrast(of(ink), of(ground)).toFixed(2)}`)).toEqual([])
  })
})

it('is dark on a screen only', () => {
  for (const css of [pagePalette, filePalette]) {
    expect(css).toContain('prefers-color-scheme: dark')
    expect(
      css
        .split('\n')
        .filter((line) => line.includes(`--text: ${colorsIn(dark).text}`) && !line.startsWith('@media screen')),
    ).toEqual([])
  }
})
