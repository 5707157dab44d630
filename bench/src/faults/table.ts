import { type Fault, type History, isAnswered, type Visit } from './history.ts'
import { harms } from './nemesis.ts'

const READS = new Set(['get', 'counter', 'cart'])
const isBad = (visit: Visit): boolean => !isAnswered(visit) || visit.status >= 500

/** What users saw of one kind of fault. */
interface Seen {
  reads: number
  failedReads: number
  changes: number
  failedChanges: number
  longestMs: number
  afterMs: number
}

/**
 * What users saw of each fault, as a Markdown table: how many reads and changes were not answered or answered 5xx while it lasted,
 * the longest that one answer took, and when the last such answer came after its end.
 */
export function faultsTable(histories: readonly History[]): string {
  const lines = [...seenIn(histories)].map(
    ([kind, { reads, failedReads, changes, failedChanges, longestMs, afterMs }]) =>
      `| ${kind} | ${failedReads} of ${reads} | ${failedChanges} of ${changes} | ${Math.round(longestMs)} ms | ${Math.round(afterMs)} ms |`,
  )
  return [
    '| fault | reads that failed | changes that failed | longest answer | last failure after its end |',
    '|---|---|---|---|---|',
    ...lines,
  ].join('\n')
}

/** The same for those who only want to know what to expect, without the faults of nodes and balancer. */
export function usersTable(histories: readonly History[]): string {
  const ofRedis = [...seenIn(histories)].filter(([kind]) => !/^(a node|the balancer) /.test(kind))
  const lines = ofRedis.map(
    ([kind, { reads, failedReads, changes, failedChanges, afterMs }]) =>
      `| ${kind} | ${inWords(failedReads, reads)} | ${inWords(failedChanges, changes)} | ${(afterMs / 1000).toFixed(1)} s |`,
  )
  return ['| what Redis does | readers | writers | last 503 after its end |', '|---|---|---|---|', ...lines].join('\n')
}

function inWords(failed: number, all: number): string {
  const percent = (100 * failed) / all
  if (failed === 0) return 'served'
  if (percent < 5) return `served, but for ${percent.toFixed(1)} %`
  return percent > 95 ? '503' : `${percent.toFixed(0)} % 503`
}

function seenIn(histories: readonly History[]): Map<string, Seen> {
  const seen = new Map(Object.keys(harms).map((kind) => [kind, nothing()]))
  for (const history of histories)
    for (const fault of history.faults) add(seen.get(fault.fault) ?? nothing(), fault, history)
  return seen
}

const nothing = (): Seen => ({ reads: 0, failedReads: 0, changes: 0, failedChanges: 0, longestMs: 0, afterMs: 0 })

function add(seen: Seen, { from, to }: Fault, { visits, faults }: History): void {
  for (const visit of visits) {
    const { operation, sentAt, doneAt } = visit
    if (operation === 'dead' || sentAt < from || sentAt >= to) continue
    const isRead = READS.has(operation)
    seen[isRead ? 'reads' : 'changes']++
    if (isBad(visit)) seen[isRead ? 'failedReads' : 'failedChanges']++
    seen.longestMs = Math.max(seen.longestMs, doneAt - sentAt)
  }
  const next = Math.min(Infinity, ...faults.map((fault) => fault.from).filter((begin) => begin > to))
  for (const visit of visits) {
    if (isBad(visit) && visit.doneAt > to && visit.doneAt < next)
      seen.afterMs = Math.max(seen.afterMs, visit.doneAt - to)
  }
}
