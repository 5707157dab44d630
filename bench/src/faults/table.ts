import type { Fault, History, Visit } from './history.ts'
import { harms } from './nemesis.ts'

const READS = new Set(['get', 'counter', 'cart'])
const isBad = ({ status }: Visit): boolean => status === 0 || status >= 500

/**
 * What users saw of each fault, as a Markdown table: how many reads and changes were not answered or answered 5xx while it lasted,
 * the longest that one answer took, and when the last such answer came after its end.
 */
export function faultsTable(history: History): string {
  const lines = Object.keys(harms).map((kind) => row(kind, history))
  const head = [
    '| fault | reads that failed | changes that failed | longest answer | last failure after its end |',
    '|---|---|---|---|---|',
  ]
  return [...head, ...lines].join('\n')
}

function row(kind: string, history: History): string {
  const { visits } = history
  const faults = history.faults.filter(({ fault }) => fault === kind)
  const during = visits.filter(
    ({ sentAt, operation }) => operation !== 'dead' && faults.some(({ from, to }) => sentAt >= from && sentAt < to),
  )
  const of = (isRead: boolean): string => {
    const some = during.filter(({ operation }) => READS.has(operation) === isRead)
    return `${some.filter(isBad).length} of ${some.length}`
  }
  const longest = Math.max(0, ...during.map(({ sentAt, doneAt }) => doneAt - sentAt))
  const after = faults.map((fault) => lastBad(fault, history))
  return `| ${kind} | ${of(true)} | ${of(false)} | ${longest} ms | ${Math.max(0, ...after)} ms |`
}

/** How long after a fault's end an answer failed, of those that were asked for before the next fault. */
function lastBad({ to }: Fault, { visits, faults }: History): number {
  const next = Math.min(Infinity, ...faults.map(({ from }) => from).filter((from) => from > to))
  const tail = visits.filter((visit) => isBad(visit) && visit.doneAt > to && visit.doneAt < next)
  return Math.max(0, ...tail.map(({ doneAt }) => doneAt - to))
}
