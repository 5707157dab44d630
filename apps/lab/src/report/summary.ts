import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { type Language, languages, say, type Text, text } from '../language.ts'
import { drawSvg } from '../pictures/draw.ts'
import { filePalette } from '../pictures/palette.ts'
import type { Report, Result } from '../results.ts'
import { brokenWords, noticed } from './broken.ts'
import { leadOf } from './cover.ts'
import { answers, decision } from './decision.ts'
import { hangsOnRows, hangsOnWords } from './hangs-on.ts'
import { spreadOf } from './section.ts'
import { endings, limits, reading, words } from './words.ts'

const fileNames: Record<Language, string> = { en: 'README.md', ko: 'README.ko.md' }

/** What a summary holds besides the run's report. */
export interface Beside {
  /** The report of the run against the broken. */
  readonly broken?: Report | undefined
  /** The folder of the run's histories. */
  readonly histories?: string
}

/**
 * Writes a run's summary into a folder: a page of Markdown in each language, every experiment's first picture as an SVG file, the
 * verdicts and numbers as `results.json`, and the histories, packed. Older pictures and histories there are removed.
 */
export async function writeSummary(report: Report, folder: string, { broken, histories }: Beside = {}): Promise<void> {
  await mkdir(join(folder, 'raw'), { recursive: true })
  const old = (await readdir(folder)).filter((name) => name.endsWith('.svg'))
  await Promise.all(old.map((name) => rm(join(folder, name))))
  for (const language of languages) {
    for (const result of report.results) await writePicture(result, language, folder)
    await writeFile(join(folder, fileNames[language]), markdown(report, broken, language))
  }
  const results = report.results.map(({ id, verdict, headline, figures }) => ({ id, verdict, headline, figures }))
  await writeFile(join(folder, 'results.json'), `${JSON.stringify(results, null, 1)}\n`)
  if (histories === undefined) return
  for (const { id } of report.results) {
    const source = await readFile(join(histories, `${id}.ndjson`)).catch(() => undefined)
    if (source === undefined) continue // An old run, or one whose histories were removed.
    await writeFile(join(folder, 'raw', `${id}.ndjson.gz`), gzipSync(source, { level: 9 }))
  }
}

/** The table that a reader compares: what is claimed, what was expected, what was measured. Markdown. */
export function claimsTable(results: readonly Result[], says: Text, language: Language): string {
  const head = [words.claim, says, words.expectedBefore, words.measured, words.verdict]
  const rows = results.map((result) => {
    const measured = `**${say(result.headline.value, language)}** ${result.headline.label[language]}`
    return [
      `[${result.id}](#${result.id.toLowerCase()})`,
      result.says[language],
      result.expected[language],
      measured,
      `${endings[result.verdict].mark} ${endings[result.verdict].name[language]}`,
    ]
  })
  return markdownTable(head, rows, language)
}

function claimsTables(results: readonly Result[], language: Language): string {
  const part = (kind: 'C' | 'X', title: Text, says: Text) => {
    const those = results.filter(({ id }) => id.startsWith(kind))
    return those.length ? `## ${title[language]}\n\n${claimsTable(those, says, language)}\n\n` : ''
  }
  return `${part('C', words.claims, words.tutorialSays)}${part('X', words.further, words.usuallySaid)}`
}

/** What the lab says of clusters that are wrong on purpose. */
function brokenPart(broken: Report | undefined, language: Language): string {
  if (!broken) return ''
  const rows = broken.results.map((result) => [
    `[${result.id}](#${result.id.toLowerCase()})`,
    (result.broken ?? text('–', '–'))[language],
    noticed(result)[language],
    `${endings[result.verdict].mark} ${endings[result.verdict].name[language]}`,
  ])
  const table = markdownTable([words.claim, brokenWords.wrong, brokenWords.says, words.verdict], rows, language)
  return `## ${brokenWords.title[language]}\n\n${brokenWords.lead[language]}\n\n${table}\n\n`
}

function hangsOnPart(results: readonly Result[], language: Language): string {
  const rows = hangsOnRows(results).map(({ about, number, meaning, from }) => [
    [about[language], ...from.map((id) => `[${id}](#${id.toLowerCase()})`)].join(' '),
    `**${number[language]}**`,
    meaning[language],
  ])
  if (rows.length < 2) return ''
  const table = markdownTable([hangsOnWords.about, hangsOnWords.number, hangsOnWords.meaning], rows, language)
  return `## ${hangsOnWords.title[language]}\n\n${table}\n\n${hangsOnWords.note[language]}\n\n`
}

function markdownTable(head: readonly Text[], rows: readonly (readonly string[])[], language: Language): string {
  const lines = [head.map((title) => title[language]), head.map(() => '---'), ...rows]
  return lines.map((cells) => `| ${cells.map(inCell).join(' | ')} |`).join('\n')
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

function markdown(report: Report, broken: Report | undefined, language: Language): string {
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
  const parts = [
    `# ${words.title[language]}`,
    other,
    leadOf(report.results)[language],
    facts.filter(Boolean).join(' · '),
    words.again[language],
  ].join('\n\n')
  const tables = `${decisionTable(report.results, language)}${hangsOnPart(report.results, language)}${claimsTables(report.results, language)}${brokenPart(broken, language)}`
  return `${parts}\n\n${tables}${details.join('\n\n')}\n\n${list(words.howToRead, reading, language)}\n\n${list(words.limits, limits, language)}\n`
}

function list(title: Text, items: readonly Text[], language: Language): string {
  return [`## ${title[language]}`, items.map((item) => `- ${item[language]}`).join('\n')].join('\n\n')
}

/** The decision in plain words; nothing where what it rests on was not run. */
function decisionTable(results: readonly Result[], language: Language): string {
  const rows = answers(results).map(({ question, sticky, clustered, cookie, shownBy, supported }) => [
    supported ? question[language] : `${question[language]} _${decision.unsupported[language]}_`,
    sticky[language],
    clustered[language],
    cookie[language],
    shownBy
      .map(({ id, verdict, headline, means }) => {
        return `[${id}](#${id.toLowerCase()}) ${endings[verdict].mark} **${say(headline.value, language)}** ${means[language]}`
      })
      .join('<br>'),
  ])
  if (rows.length === 0) return ''
  const head = [
    decision.question,
    text('sticky', 'sticky'),
    text('clustered', 'clustered'),
    decision.inCookie,
    decision.shownBy,
  ]
  const table = markdownTable(head, rows, language)
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
