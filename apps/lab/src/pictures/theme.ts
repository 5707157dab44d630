import type { Outcome as AnyOutcome } from '@session-cluster/contract'
import { type Text, text, type Words } from '../language.ts'
import type { Spec } from './picture.ts'

/** What became of one request that asked for its session, as pictures tell it. */
export const outcomes = ['found', 'miss', 'lost', 'error'] as const satisfies readonly AnyOutcome[]
export type Outcome = (typeof outcomes)[number]

/** Colour, mark and name of each outcome: never by colour alone. */
export const outcomeLook: Record<Outcome, { color: string; soft: string; mark: string; name: Text }> = {
  found: { color: 'var(--found)', soft: 'var(--found-bg)', mark: '✓', name: text('found', '찾음') },
  miss: { color: 'var(--miss)', soft: 'var(--miss-bg)', mark: '–', name: text('miss: not here', '여기 없음') },
  lost: { color: 'var(--lost)', soft: 'var(--lost-bg)', mark: '✗', name: text('lost: nowhere', '유실: 어디에도 없음') },
  error: { color: 'var(--error)', soft: 'var(--error-bg)', mark: '!', name: text('error', '오류') },
}

/** What a legend says of something that has a mark: the mark is the second cue, for those who do not tell the colours apart. */
export const marked = ({ mark, name }: { readonly mark: string; readonly name: Text }): Text =>
  text(`${mark} ${name.en}`, `${mark} ${name.ko}`)

/** One colour per node, by the order in which nodes joined (Okabe & Ito's palette, which most colour-blind readers tell apart). */
export const nodeColors = ['var(--node-1)', 'var(--node-2)', 'var(--node-3)', 'var(--node-4)'] as const

/** Colours for series that are neither nodes nor outcomes. */
export const seriesColors = [
  'var(--series-1)',
  'var(--series-2)',
  'var(--series-3)',
  'var(--series-4)',
  'var(--series-5)',
] as const

/** The width in which every plot is drawn; the page scales it. */
export const plotWidth = 640

const font = 'system-ui, -apple-system, "Segoe UI", "Noto Sans KR", "Noto Sans CJK KR", sans-serif'
const label = { labelFont: font, labelFontSize: 12, labelColor: 'var(--muted)' }
const title = { titleFont: font, titleFontSize: 12, titleColor: 'var(--muted)', titleFontWeight: 'normal' }

/** What every plot shares: fonts, quiet axes, a legend above the plot, no background of its own. */
export const config: Spec = {
  background: 'transparent',
  padding: 4,
  font,
  view: { stroke: null },
  axis: {
    ...label,
    ...title,
    gridColor: 'var(--line)',
    domainColor: 'var(--line-strong)',
    tickColor: 'var(--line-strong)',
    labelLimit: 0,
    titlePadding: 8,
  },
  axisX: { grid: false, labelAngle: 0, labelFlush: false },
  axisY: { domain: false, ticks: false, labelPadding: 6 },
  header: { ...label, ...title, labelFontSize: 13, labelColor: 'var(--text)', labelAnchor: 'start' },
  legend: {
    ...label,
    ...title,
    orient: 'top',
    direction: 'horizontal',
    title: null,
    symbolType: 'square',
    symbolSize: 120,
    columnPadding: 18,
    labelLimit: 0,
    offset: 10,
  },
  text: { font, fontSize: 12, fill: 'var(--text)' },
  line: { strokeWidth: 2 },
  rule: { stroke: 'var(--text)' },
}

/** The size of the names along an axis, in pixels. */
export const nameSize = 13

/** An axis of names, in the order in which they come, large enough to be read as words; `\n` in one ends its line. */
export function names(field: string, title: Words | null = null): Spec {
  const axis = {
    labelFontSize: nameSize,
    labelColor: 'var(--text)',
    labelExpr: "split(datum.label, '\\n')",
    // Vega centres the first line: half a line up, both are.
    labelOffset: { condition: { test: "indexof(datum.value, '\\n') > 0", value: -nameSize / 2 }, value: 0 },
  }
  return { field, type: 'nominal', sort: null, title, axis }
}

/** A colour (or a shape) for each of some names. With one name only there is nothing to tell apart, so there is no legend unless one is given. */
export function colorBy(
  field: string,
  domain: readonly Words[],
  range: readonly string[],
  legend: Spec | null = domain.length < 2 ? null : {},
): Spec {
  const scale = { domain, range: range.slice(0, domain.length) }
  return { field, type: 'nominal', sort: null, scale, legend }
}
