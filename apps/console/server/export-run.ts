import { foundPercent, isJudged, judged } from '@session-cluster/contract'
import { type Language, type Translate, translator } from '../web/src/i18n/translate.ts'
import type { LaneView, UserView } from '../wire/frame.ts'
import { heights, signs } from '../wire/marks.ts'
import type { Notice, RequestRecord } from '../wire/record.ts'
import { exportStyle } from './export-style.ts'

/** All that a run came to. */
export interface Run {
  readonly lanes: readonly LaneView[]
  readonly users: readonly UserView[]
  readonly records: readonly RequestRecord[]
  readonly notices: readonly Notice[]
}

export interface ExportOptions {
  readonly lang: Language
  /** Epoch ms. */
  readonly startedAt: number
  readonly now: number
}

/** The run as one HTML file: no script, no network, prints well. Everything that came from outside is escaped. */
export function exportRun(run: Run, { lang, startedAt, now }: ExportOptions): string {
  const t = translator(lang)
  const when = (at: number) => new Date(at).toISOString().replace('T', ' ').slice(0, 19)
  return `<!doctype html>
<html lang="${lang}">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="content-security-policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>session-cluster · ${when(now)}</title>
<style>${exportStyle}</style>
<main>
<h1>session-cluster</h1>
<p class="quiet">${when(startedAt)} – ${when(now)} UTC · Node ${process.version} · ${process.platform} ${process.arch}</p>
<div class="lanes">${run.lanes.map((lane) => laneSection(lane, run, t)).join('')}</div>
<h2>${t('users.title')}</h2>
${usersTable(run, t)}
<h2>${t('log.title')}</h2>
${logTable(run, t)}
</main>
</html>
`
}

function laneSection(lane: LaneView, run: Run, t: Translate): string {
  const percent = foundPercent(lane.totals)
  const figures = judged.map(
    (outcome) =>
      `<td class="${outcome}">${signs[outcome]} ${lane.totals[outcome]}<small>${t(`outcome.${outcome}`)}</small></td>`,
  )
  const rows = lane.nodes.map(
    (node) =>
      `<tr><th>${escaped(node.name)}</th><td>${escaped(t.any(`state.${node.process === 'running' ? node.state : node.process}`))}</td><td>${node.requests}</td><td>${node.answers.ok} / ${node.answers.client} / ${node.answers.server}</td><td>${shortMs(node.p50)} / ${shortMs(node.p99)}</td><td>${node.gone}</td></tr>`,
  )
  const heads = (['node', 'state', 'requests', 'answers', 'latency', 'gone'] as const).map(
    (name) => `<th>${t(`nodes.${name}`)}</th>`,
  )
  const { gone, noticed } = lane
  const lost = gone > 0 ? `<p class="lost">${t('lane.gone', { n: gone, noticed })}</p>` : ''
  return `<section data-lane="${lane.id}"><h2>${t(`mode.${lane.id}`)}</h2><p>${t(`mode.${lane.id}.lesson`)}</p>
<p class="big">${percent ?? '–'} % <small>${t('outcome.found')}</small></p>
<table class="figures"><tr>${figures.join('')}</tr></table>
${strip(run.records.filter((record) => record.lane === lane.id))}
<table class="nodes"><thead><tr>${heads.join('')}</tr></thead><tbody>${rows.join('')}</tbody></table>
${lost}<p class="quiet">${t('lane.even', { max: lane.maxOverMean?.toFixed(2) ?? '–', jain: lane.jain?.toFixed(2) ?? '–' })}</p></section>`
}

/** Ms as short as they can be read: tenths only of what is less than ten. */
const shortMs = (ms: number | undefined): string => (ms === undefined ? '–' : ms < 10 ? ms.toFixed(1) : ms.toFixed(0))

function strip(records: readonly RequestRecord[]): string {
  const bars = records
    .filter(({ outcome }) => isJudged(outcome))
    .slice(-120)
    .map(
      ({ outcome }, i) =>
        `<rect class="${outcome}" x="${i * 5}" y="${30 - heights[outcome]}" width="4" height="${heights[outcome]}"/>`,
    )
  return `<svg viewBox="0 0 600 32" role="img">${bars.join('')}</svg>`
}

function usersTable({ lanes, users }: Run, t: Translate): string {
  const head = lanes.map(({ id }) => `<th>${t(`mode.${id}`)}</th>`).join('')
  const rows = users.map(({ name, lanes: standing }) => {
    const cells = lanes.map(({ id }) => {
      const last = standing[id]?.last
      return last ? `<td class="${last}">${signs[last]} ${t(`outcome.${last}`)}</td>` : '<td>–</td>'
    })
    return `<tr><th>${escaped(name)}</th>${cells.join('')}</tr>`
  })
  return `<table><thead><tr><th>${t('log.who')}</th>${head}</tr></thead><tbody>${rows.join('')}</tbody></table>`
}

function logTable({ records, notices }: Run, t: Translate): string {
  const entries = [
    ...records.map((record) => ({ seq: record.seq, html: recordRow(record, t) })),
    ...notices.map((notice) => ({ seq: notice.seq, html: noticeRow(notice, t) })),
  ].sort((a, b) => a.seq - b.seq)
  const head = (['time', 'who', 'lane', 'what', 'outcome'] as const)
    .map((name) => `<th>${t(`log.${name}`)}</th>`)
    .join('')
  return `<table class="log"><thead><tr>${head}<th>${t('tab.why')}</th></tr></thead><tbody>${entries.map(({ html }) => html).join('')}</tbody></table>`
}

const timeOf = (at: number): string => new Date(at).toISOString().slice(11, 21)

function recordRow(record: RequestRecord, t: Translate): string {
  const why = record.why.map(({ key, values, raw }) => t.any(`why.${key}`, { ...values, text: raw ?? '' })).join(' → ')
  const what = `${t.any(`action.${record.action}`)} ${record.node ?? '–'} ${record.status || ''}`
  const outcome = `<td class="${record.outcome}">${signs[record.outcome]} ${t(`outcome.${record.outcome}`)}</td>`
  return `<tr><td>${timeOf(record.at)}</td><td>${escaped(record.user ?? t('log.visitor'))}</td><td>${t(`mode.${record.lane}`)}</td><td>${escaped(what)}</td>${outcome}<td class="why">${escaped(why)}</td></tr>`
}

function noticeRow({ at, lane, key, values }: Notice, t: Translate): string {
  return `<tr class="notice"><td>${timeOf(at)}</td><td></td><td>${t(`mode.${lane}`)}</td><td colspan="3">${escaped(t.any(`notice.${key}`, values))}</td></tr>`
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`)
}
