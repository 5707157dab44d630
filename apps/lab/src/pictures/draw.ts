import * as vega from 'vega'
import { compile, type TopLevelSpec } from 'vega-lite'
import { type Language, localise } from '../language.ts'
import type { Picture } from './picture.ts'
import { textWidth } from './text-width.ts'
import { config } from './theme.ts'

// Exported by Vega and left out of its types.
const { textMetrics: metrics } = vega as unknown as {
  textMetrics: { width: (item: { fontSize?: number }, line: unknown) => number }
}
metrics.width = (item, line) =>
  textWidth(Array.isArray(line) ? line.join(' ') : String(line ?? ''), item.fontSize ?? 11)

/**
 * Draws a picture as SVG, in one language, without a browser. Colours stay `var(--…)`, so the page around it decides
 * between light, dark and print. It fills its container's width and keeps its proportions.
 */
export async function drawSvg(picture: Picture, language: Language): Promise<string> {
  const spec = localise({ ...picture.spec, config }, language) as TopLevelSpec
  const view = new vega.View(vega.parse(compile(spec).spec), { renderer: 'none' })
  const svg = await view.toSVG()
  view.finalize()
  return named(svg, picture, language)
}

/** Gives the drawing a role and a name, and takes away the fixed size. */
function named(svg: string, picture: Picture, language: Language): string {
  const name = escapeXml(`${picture.title[language]}. ${picture.caption[language]}`)
  const inner = svg
    .slice(svg.indexOf('>') + 1)
    .replaceAll(/ (?:aria-roledescription|aria-label|role|aria-hidden)="[^"]*"/g, '')
  const [, width, height] = /viewBox="0 0 ([\d.]+) ([\d.]+)"/.exec(svg) ?? ['', '640', '300']
  return `<svg xmlns="http://www.w3.org/2000/svg" class="plot" role="img" aria-label="${name}" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">${inner}`
}

/** Text that is safe between tags and in quoted attributes. */
export function escapeXml(value: string): string {
  const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }
  return value.replaceAll(/[&<>"']/g, (character) => entities[character] ?? character)
}
