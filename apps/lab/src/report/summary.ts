import { mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Language, languages, say, type Text, text } from '../language.ts'
import { drawSvg } from '../pictures/draw.ts'
import { filePalette } from '../pictures/palette.ts'
import type { Report, Result } from '../results.ts'
import { answers, decision } from './decision.ts'
import { spreadOf } from './section.ts'
import { endings, limits, reading, words } from './words.ts'

const fileNames: Record<Language, string> = { en: 'README.md', ko: 'README.ko.md' }

/** Writes a run's summary into a folder: a page of Markdown in each language, and every experiment's first picture as an SVG file. Older SVGs there are removed. */
export async function writeSummary(report: Report, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true })
  const old = (await readdir(folder)).filter((name) => name.endsWith('.svg'))
  await Promise.all(old.map((name) => rm(join(folder, name))))
  for (const language of languages) {
    for (const result of report.results) await writePicture(result, language, folder)
    await writeFile(join(folder, fileNames[language]), markdown(report, language))
  }
}

/** The table that a reader compares: what is claimed, what was measured. Markdown. */
export function claimsTable(results: readonly Result[], language: Language): string {
  const head = [words.claim, words.tutorialSays, words.measured, words.verdict].map((title) => title[language])
  const rows = results.map(({ id, says, headline, verdict }) => {
    const measured = `**${say(headline.value, language)}** ${headline.label[language]}`
    return [
      `[${id}](#${id.toLowerCase()})`,
      says[language],
      measured,
      `${endings[verdict].mark} ${endings[verdict].name[language]}`,
    ]
  })
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.map(inCell).join(' | ')} |`).join('\n')
}

const inCell = (cell: string) => cell.replaceAll('|', '\\|').replaceAll('\n', ' ')
const pictureName = (result: Result, language: Language) => `${result.id}-${result.pictures[0]?.id}.${language}.svg`

async function writePicture(result: Result, language: Language, folder: string): Promise<void> {
  const picture = result.pictures[0]
  if (!picture) return
  const svg = await drawSvg(picture, language)
  const standalone = svg
    .replace('>', `><style>${filePalette}</style>`)
    .replaceAll(/ class="[^"]*"| pointer-events="none"/g, '')
  await writeFile(join(folder, pictureName(result, language)), `${standalone}\n`)
}

function markdown(report: Report, language: Language): string {
  const { environment } = report
  const other = language === 'en' ? '[한국어](README.ko.md)' : '[English](README.md)'
  const facts = [
    `\`${report.command}\``,
    `${words.seed[language]} ${report.seed}`,
    report.startedAt.slice(0, 10),
    `${environment.cpu} × ${environment.cores}`,
    `Node ${environment.node}`,
    `Redis ${environment.redis ?? '–'}`,
    environment.commit,
  ]
  const details = report.results.map((result) => detail(result, language))
  return `# ${words.title[language]}\n\n${other}\n\n${words.lead[language]}\n\n${facts.filter(Boolean).join(' · ')}\n\n${claimsTable(report.results, language)}\n\n${decisionTable(report.results, language)}${details.join('\n\n')}\n\n${list(words.howToRead, reading, language)}\n\n${list(words.limits, limits, language)}\n`
}

function list(title: Text, items: readonly Text[], language: Language): string {
  return [`## ${title[language]}`, items.map((item) => `- ${item[language]}`).join('\n')].join('\n\n')
}

/** The decision in plain words; nothing where what it rests on was not run. */
function decisionTable(results: readonly Result[], language: Language): string {
  const rows = answers(results).map(({ question, sticky, clustered, shownBy, supported }) => [
    supported ? question[language] : `${question[language]} _${decision.unsupported[language]}_`,
    sticky[language],
    clustered[language],
    shownBy
      .map(({ id, verdict, headline, means }) => {
        return `[${id}](#${id.toLowerCase()}) ${endings[verdict].mark} **${say(headline.value, language)}** ${means[language]}`
      })
      .join('<br>'),
  ])
  if (rows.length === 0) return ''
  const head = [decision.question, text('sticky', 'sticky'), text('clustered', 'clustered'), decision.shownBy].map(
    (title) => title[language],
  )
  const table = [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.map(inCell).join(' | ')} |`).join('\n')
  const advice = decision.advice.map((each) => `- ${each[language]}`).join('\n')
  return `## ${decision.title[language]}\n\n${table}\n\n${advice}\n\n`
}

function detail(result: Result, language: Language): string {
  const picture = result.pictures[0]
  const image = picture && `![${picture.title[language]}](${pictureName(result, language)})`
  const caption = picture && `_${picture.title[language]}. ${picture.caption[language]}_`
  const checks = result.checks.map(
    (check) =>
      `- ${endings[check.verdict].mark} ${check.question[language]} **${say(check.measured, language)}** (${[`${words.expected[language]}: ${say(check.expected, language)}`, spreadOf(check)?.[language]].filter(Boolean).join('; ')})`,
  )
  return [
    `## ${result.id}`,
    `**${result.title[language]}.** ${result.steps[language]}`,
    image,
    caption,
    checks.join('\n'),
    result.limits?.[language],
  ]
    .filter(Boolean)
    .join('\n\n')
}
