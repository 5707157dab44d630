import { languages, say, type Text, text } from '../language.ts'
import { drawSvg } from '../pictures/draw.ts'
import type { Picture } from '../pictures/picture.ts'
import type { Ending, Result } from '../results.ts'
import { type Check, leastSamples } from '../verdict.ts'
import { both } from './both.ts'
import { html, Markup } from './markup.ts'
import { cellName, tableOf } from './table.ts'
import { endings, words } from './words.ts'

/** The mark and the name of a verdict. */
export function badge(ending: Ending): Markup {
  return html`<span class="badge ${ending}"><span aria-hidden="true">${endings[ending].mark}</span> ${both(endings[ending].name)}</span>`
}

/** The mark of a verdict, with its name for those who do not see it. */
export const markOf = (ending: Ending): Markup =>
  html`<span class="mark ${ending}"><span aria-hidden="true">${endings[ending].mark}</span><span class="unseen">${both(endings[ending].name)}</span></span>`

/** Everything about one experiment. */
export async function section(result: Result): Promise<Markup> {
  const figures = await Promise.all(result.pictures.map((picture) => figure(picture)))
  return html`<section class="experiment" id="${result.id}">
  <header><p class="id">${result.id}</p><h2>${both(result.title)}</h2>${badge(result.verdict)}</header>
  <blockquote>${both(result.says)}</blockquote>
  <div class="headline"><strong>${both(result.headline.value)}</strong><p>${both(result.headline.label)}</p></div>
  <dl class="plan"><div><dt>${both(words.steps)}</dt><dd>${both(result.steps)}</dd></div><div><dt>${both(words.expected)}</dt><dd>${both(result.expected)}</dd></div></dl>
  ${result.error !== undefined && html`<p class="error"><b>${both(words.why)}:</b> ${result.verdict === 'interrupted' ? both(words.stopped) : result.error}</p>`}
  ${figures}
  ${result.checks.length > 0 && checks(result.checks)}
  ${result.observations.length > 0 && observations(result)}
  ${result.limits && html`<p class="limits"><b>${both(words.limits)}:</b> ${both(result.limits)}</p>`}
</section>`
}

async function figure(picture: Picture): Promise<Markup> {
  const drawn = await Promise.all(
    languages.map(async (language) => {
      const svg = await drawSvg(picture, language)
      const cue = widthOf(svg) > fitsPhone && html`<p class="swipe">${words.swipe[language]}</p>`
      return html`<div lang="${language}"><div class="scroll" tabindex="0">${new Markup(svg)}</div>${cue}</div>`
    }),
  )
  return html`<figure>
  <figcaption><b>${both(picture.title)}</b> ${both(picture.caption)}</figcaption>
  <div class="canvas">${drawn}</div>
  <details><summary>${both(words.numbers)}</summary>${tableOf(picture.table)}</details>
</figure>`
}

/** The widest drawing, in pixels, that a phone shows whole. */
const fitsPhone = 340
const widthOf = (svg: string) => Number(/ width="([\d.]+)"/.exec(svg)?.[1])

function checks(all: readonly Check[]): Markup {
  const rows = all.map((check) => {
    const spread = spreadOf(check)
    const kind: Text = words[check.kind]
    return html`<tr><th scope="row">${both(check.question)}</th><td class="kind">${both(kind)}</td><td class="value">${cellName(words.expected)}${both(check.expected)}</td><td class="value">${cellName(words.measured)}<b>${both(check.measured)}</b>${spread && html`<small> ${both(spread)}</small>`}</td><td>${badge(check.verdict)}</td></tr>`
  })
  const columns = [words.question, words.kind, words.expected, words.measured, words.verdict]
  return html`<div class="scroll" tabindex="0"><table class="checks"><thead><tr>${columns.map((column) => html`<th scope="col">${both(column)}</th>`)}</tr></thead><tbody>${rows}</tbody></table></div>`
}

/** How often a ratio was taken and how sure its interval is; `undefined` for a count. */
export function spreadOf({ interval, confidence = 0.95, samples = [], seen }: Check): Text | undefined {
  if (seen !== undefined) return text(`here: ${say(seen, 'en')}`, `이번: ${say(seen, 'ko')}`)
  if (!interval || samples.length === 0) return undefined
  if (samples.length === 1) return text('taken once, too few for a verdict', '한 번 잼, 판정하기에는 모자람')
  const range = interval.map((end) => say(end, 'en')).join(' … ')
  const few = `n = ${samples.length}: ${range}`
  if (samples.length < leastSamples) return text(`${few}, too few for a verdict`, `${few}, 판정하기에는 모자람`)
  const sure = `n = ${samples.length}, ${Math.round(100 * confidence)} %: ${range}`
  return text(sure, sure)
}

function observations({ observations: all }: Result): Markup {
  return html`<details class="observed" open><summary>${both(words.observed)}</summary>${tableOf({ columns: [words.observation, words.value], rows: all.map(({ what, value }) => [what, value]) })}</details>`
}
