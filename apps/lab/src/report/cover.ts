import { type Text, text, type Words } from '../language.ts'
import type { Report, Result } from '../results.ts'
import { both } from './both.ts'
import { html, type Markup } from './markup.ts'
import { badge } from './section.ts'
import { cellName } from './table.ts'
import { endings, limits, reading, words } from './words.ts'

/** Page one: the verdicts, and on what, with which seed and by which command they were made. */
export function cover(report: Report): Markup {
  const tally = (Object.keys(endings) as (keyof typeof endings)[])
    .map((ending) => ({ ending, count: report.results.filter((result) => result.verdict === ending).length }))
    .filter(({ count }) => count > 0)
  return html`<header class="cover">
  <p class="brand">session-cluster <span>· lab</span></p>
  <h1>${both(words.title)}</h1>
  <p class="lead">${both(leadOf(report.results))}</p>
  <ul class="tally">${tally.map(({ ending, count }) => html`<li class="${ending}"><strong>${count}</strong> ${both(ofAll(ending, report.results.length))}</li>`)}</ul>
  ${stopped(report)}
</header>`
}

/** `of 20 hold`: the rest of a line that begins with how many. */
const ofAll = (ending: keyof typeof endings, all: number): Text =>
  ending === 'holds'
    ? text(`of ${all} hold`, `/ ${all} ${endings.holds.name.ko}`)
    : text(`of ${all} ${endings[ending].name.en}`, `/ ${all} ${endings[ending].name.ko}`)

/** What was put to the test, and on what: clusters of real processes, or parts alone. */
export function leadOf(results: readonly Pick<Result, 'id' | 'on'>[]): Text {
  const claims = results.filter(({ id }) => id.startsWith('C')).length
  const parts = results.filter(({ on }) => on === 'parts').map(({ id }) => id)
  const further = results.length - claims
  const clusters = results.length - parts.length
  const alone = parts.length > 0
  return text(
    `${claims} claims of the tutorial about sessions on several servers and ${further} of what an engineer asks next, put to the test: ${clusters} on clusters of real processes behind a real balancer, with a real Redis where there is one${alone ? `; ${parts.length} wholly or partly on parts alone (${parts.join(', ')}), as each of them says` : ''}.`,
    `여러 서버에서의 세션에 대한 튜토리얼의 주장 ${claims}개와 엔지니어가 이어서 묻는 것 ${further}개를 확인했습니다. ${clusters}개는 실제 로드 밸런서와 실제 프로세스로 이루어진 클러스터에서(Redis가 필요하면 실제 Redis로)${alone ? `, ${parts.length}개는 전부 또는 일부를 구성 요소만으로(${parts.join(', ')}; 각 실험에 밝혀 둠)` : ''} 확인했습니다.`,
  )
}

/** The verdicts in two tables: what the tutorial claims, and what an engineer asks next. */
export function claimTables({ results }: Report): Markup {
  const of = (kind: 'C' | 'X') => results.filter(({ id }) => id.startsWith(kind))
  return html`<section class="cover">${claims(words.claims, words.tutorialSays, of('C'))}${claims(words.further, words.usuallySaid, of('X'))}</section>`
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
      html`<tr><td class="id"><a href="#${result.id}">${result.id}</a></td><td>${both(result.says)}</td><td>${cellName(words.expected)}${both(result.expected)}</td><td>${cellName(words.measured)}<b>${both(result.headline.value)}</b> ${both(result.headline.label)}</td><td>${badge(result.verdict)}</td></tr>`,
  )
  return html`<h2>${both(title)}</h2><div class="scroll" tabindex="0"><table class="claims"><thead><tr><th scope="col" class="id"><span class="unseen">${both(words.claim)}</span></th><th scope="col">${both(says)}</th><th scope="col">${both(words.expectedBefore)}</th><th scope="col">${both(words.measured)}</th><th scope="col">${both(words.verdict)}</th></tr></thead><tbody>${rows}</tbody></table></div>`
}

/** On what, with which seed and by which command the verdicts were made. */
export function provenance({ environment, ...report }: Report): Markup {
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
  return html`<section class="cover"><h2 class="quiet">${both(words.environment)}</h2><dl class="provenance">${list}</dl>${busy}</section>`
}

/** The last page: how verdicts come about and what none of them says. */
export function colophon(): Markup {
  const list = (items: readonly Text[]) => html`<ul>${items.map((item) => html`<li>${both(item)}</li>`)}</ul>`
  return html`<footer id="limits"><h2>${both(words.howToRead)}</h2>${list(reading)}<h2>${both(words.limits)}</h2>${list(limits)}</footer>`
}
