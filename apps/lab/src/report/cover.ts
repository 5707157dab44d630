import { type Text, text, type Words } from '../language.ts'
import type { Report, Result } from '../results.ts'
import { both } from './both.ts'
import { html, type Markup } from './markup.ts'
import { badge } from './section.ts'
import { endings, limits, reading, words } from './words.ts'

/** Page one: the verdicts, and on what, with which seed and by which command they were made. */
export function cover(report: Report): Markup {
  const tally = (Object.keys(endings) as (keyof typeof endings)[])
    .map((ending) => ({ ending, count: report.results.filter((result) => result.verdict === ending).length }))
    .filter(({ count }) => count > 0)
  return html`<header class="cover">
  <p class="brand">session-cluster <span>· lab</span></p>
  <h1>${both(words.title)}</h1>
  <p class="lead">${both(words.lead)}</p>
  <ul class="tally">${tally.map(({ ending, count }) => html`<li class="${ending}"><strong>${count}</strong> ${both(endings[ending].name)}</li>`)}</ul>
  ${stopped(report)}
  ${provenance(report)}
  ${claims(
    words.claims,
    words.tutorialSays,
    report.results.filter(({ id }) => id.startsWith('C')),
  )}
  ${claims(
    words.further,
    words.usuallySaid,
    report.results.filter(({ id }) => id.startsWith('X')),
  )}
</header>`
}

/** A run that was stopped says so before anybody takes it for the whole. */
function stopped({ asked, results }: Report): Markup | undefined {
  const unasked = asked - results.length
  if (unasked <= 0) return undefined
  return html`<p class="stopped">${both(text(`Stopped before its end: ${unasked} of ${asked} experiments were not begun.`, `끝나기 전에 멈춤: 실험 ${asked}개 중 ${unasked}개는 시작하지 않았습니다.`))}</p>`
}

function claims(title: Text, says: Text, results: readonly Result[]): Markup | undefined {
  if (results.length === 0) return undefined
  const rows = results.map(
    (result) =>
      html`<tr><td class="id"><a href="#${result.id}">${result.id}</a></td><td>${both(result.says)}</td><td><b>${both(result.headline.value)}</b> ${both(result.headline.label)}</td><td>${badge(result.verdict)}</td></tr>`,
  )
  return html`<h2>${both(title)}</h2><div class="scroll" tabindex="0"><table class="claims"><thead><tr><th scope="col" class="id"><span class="unseen">${both(words.claim)}</span></th><th scope="col">${both(says)}</th><th scope="col">${both(words.measured)}</th><th scope="col">${both(words.verdict)}</th></tr></thead><tbody>${rows}</tbody></table></div>`
}

function provenance({ environment, ...report }: Report): Markup {
  const gibibytes = Math.round(environment.memoryBytes / 2 ** 30)
  const facts: readonly (readonly [Text, Words])[] = [
    [words.command, report.command],
    [words.seed, String(report.seed)],
    [words.preset, `${report.preset} · ${report.durationMs / 1000} s`],
    [words.repeats, report.repeats],
    [words.startedAt, report.startedAt.replace('T', ' ').replace(/\.\d+Z/, ' UTC')],
    [words.took, text(`${Math.round(report.ms / 1000)} s`, `${Math.round(report.ms / 1000)}초`)],
    [
      words.machine,
      text(`${environment.cpu}, ${environment.cores} cores`, `${environment.cpu}, 코어 ${environment.cores}개`),
    ],
    [words.memory, `${gibibytes} GiB`],
    [words.system, environment.system],
    [text('Node · Redis', 'Node · Redis'), `${environment.node} · ${environment.redis ?? '–'}`],
    [words.commit, environment.commit ?? '–'],
    [words.load, environment.loadPerCore],
  ]
  const list = facts.map(([name, value]) => html`<div><dt>${both(name)}</dt><dd>${both(value)}</dd></div>`)
  const busy = environment.loadPerCore > 0.5 && html`<p class="busy">${both(words.busy)}</p>`
  return html`<h2 class="quiet">${both(words.environment)}</h2><dl class="provenance">${list}</dl>${busy}`
}

/** The last page: how verdicts come about and what none of them says. */
export function colophon(): Markup {
  const list = (items: readonly Text[]) => html`<ul>${items.map((item) => html`<li>${both(item)}</li>`)}</ul>`
  return html`<footer id="limits"><h2>${both(words.howToRead)}</h2>${list(reading)}<h2>${both(words.limits)}</h2>${list(limits)}</footer>`
}
