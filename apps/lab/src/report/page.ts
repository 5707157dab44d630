import { readFile } from 'node:fs/promises'
import { pagePalette } from '../pictures/palette.ts'
import type { Report } from '../results.ts'
import { both } from './both.ts'
import { brokenTable } from './broken.ts'
import { claimTables, colophon, cover, provenance } from './cover.ts'
import { decision, decisionCard } from './decision.ts'
import { hangsOn } from './hangs-on.ts'
import { html, Markup } from './markup.ts'
import { markOf, section } from './section.ts'
import { words } from './words.ts'

/** What goes into the page as it is; the style sheets in this order. */
const assets = ['script.js', 'frame.css', 'cover.css', 'section.css', 'media.css'] as const

/** The report as one HTML file: no network, no browser needed to make it; English, Korean, light, dark and paper in one. */
export async function reportPage(report: Report, broken?: Report): Promise<string> {
  const [script = '', ...styles] = await Promise.all(
    assets.map((name) => readFile(new URL(name, import.meta.url), 'utf8')),
  )
  const sections = await Promise.all(report.results.map(section))
  const decided = decisionCard(report.results)
  const contents = report.results.map(
    ({ id, title, verdict }) =>
      html`<li class="${verdict}"><a href="#${id}"><b>${id} ${markOf(verdict)}</b> <span>${both(title)}</span></a></li>`,
  )
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${words.title.en} · session-cluster lab</title>
<style>${new Markup(pagePalette + styles.join(''))}</style>
</head>
<body>
<nav class="tools" aria-label="${words.contents.en}">
  <a class="brand" href="#top">session-cluster <span>· lab</span></a>
  <div class="segment" role="group" aria-label="Language"><button type="button" data-language="en" lang="en-x" aria-pressed="true">en</button><button type="button" data-language="ko" lang="ko-x" aria-pressed="false">ko</button></div>
  <button type="button" class="theme" data-theme-switch aria-label="${words.theme.en}">◐</button>
</nav>
<div class="frame">
<aside><ol class="contents">${decided && html`<li><a href="#decision"><b>⇄</b> <span>${both(decision.title)}</span></a></li>`}${contents}</ol></aside>
<main id="top">
${cover(report)}
${decided}
${hangsOn(report.results)}
${claimTables(report)}
${brokenTable(broken)}
${provenance(report)}
${sections}
${colophon()}
</main>
</div>
<script>${new Markup(script)}</script>
</body>
</html>
`
  return page.source
}
