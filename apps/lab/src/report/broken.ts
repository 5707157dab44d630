import { type Text, text } from '../language.ts'
import type { Report, Result } from '../results.ts'
import { both } from './both.ts'
import { html, type Markup } from './markup.ts'
import { badge } from './section.ts'
import { cellName } from './table.ts'

/** What the table of a run against the broken says besides its rows. */
export const brokenWords = {
  title: text('What it says when it is not so', '그렇지 않을 때는 뭐라고 하나'),
  lead: text(
    'The same experiments on clusters that are wrong on purpose (npm run lab -- run --against broken). Each has to fail: a lab that cannot say no has said nothing above.',
    '같은 실험을 일부러 망가뜨린 클러스터에서 돌렸습니다(npm run lab -- run --against broken). 모두 거짓이 나와야 합니다. 아니라고 말하지 못하는 실험은 위에서도 아무것도 말하지 않은 것입니다.',
  ),
  wrong: text('what is wrong', '망가뜨린 것'),
  says: text('what the lab says', '실험실의 말'),
} as const

/** The first check that failed, in words: what the lab noticed. */
export function noticed({ checks, error }: Result): Text {
  const failed = checks.filter(({ verdict }) => verdict === 'fails')
  const [first] = failed
  if (!first) return text(error ?? 'nothing', error ?? '없음')
  const others = failed.length - 1
  const more = others > 0 ? text(`; ${others} more`, `, 그 밖에 ${others}가지`) : text('', '')
  const said = (language: 'en' | 'ko') => {
    const word = (value: typeof first.measured) => (typeof value === 'object' ? value[language] : String(value))
    const wanted = language === 'en' ? 'expected' : '예상'
    return `${first.question[language]}: ${word(first.measured)} (${wanted} ${word(first.expected)})${more[language]}`
  }
  return text(said('en'), said('ko'))
}

/** A row for each experiment; nothing where there was no such run. */
export function brokenTable(report: Report | undefined): Markup | undefined {
  if (!report) return undefined
  const rows = report.results.map(
    (result) =>
      html`<tr><td class="id"><a href="#${result.id}">${result.id}</a></td><td>${cellName(brokenWords.wrong)}${both(result.broken ?? '–')}</td><td>${cellName(brokenWords.says)}${both(noticed(result))}</td><td>${badge(result.verdict)}</td></tr>`,
  )
  return html`<section class="cover" id="broken"><h2>${both(brokenWords.title)}</h2><p>${both(brokenWords.lead)}</p><div class="scroll" tabindex="0"><table class="claims"><thead><tr><th scope="col" class="id"></th><th scope="col">${both(brokenWords.wrong)}</th><th scope="col">${both(brokenWords.says)}</th><th scope="col"></th></tr></thead><tbody>${rows}</tbody></table></div></section>`
}
