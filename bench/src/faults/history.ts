import { readFile, writeFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { gunzip, gzip } from 'node:zlib'

/** What a client can do. `dead` asks with a cookie that a login or logout has ended. */
export type Operation = 'set' | 'get' | 'count' | 'counter' | 'add' | 'cart' | 'login' | 'logout' | 'dead'

/** One request and its answer; times in ms since the run began, to a tenth. */
export interface Visit {
  /** A browser. Its tabs share its name and its cookie jar, and ask at once. */
  readonly client: string
  readonly operation: Operation
  /** What was written, or the name that logged in. */
  readonly argument: string
  /** Who was asked: a node, or a balancer. */
  readonly where: string
  readonly sentAt: number
  readonly doneAt: number
  /** `0`: no answer. */
  readonly status: number
  /** The value that was answered, or the words of a refusal. */
  readonly body: string
  /** The machine's word for a refusal, such as `no-attribute`; else empty. */
  readonly reason: string
  readonly hasRetryAfter: boolean
  /** The session id that was sent, by a number of the run's own; empty: none. */
  readonly bore: string
  /** The other session id that was answered; empty: none. */
  readonly given: string
}

/** A fault, from its beginning to its end, ms since the run began. */
export interface Fault {
  readonly fault: string
  readonly from: number
  readonly to: number
  /** Whose answers it may cut off; all others must answer all the while. */
  readonly silences: readonly string[]
}

/** What lies in Redis when a run is over. */
export interface Remains {
  readonly keys: number
  /** Keys that never expire. */
  readonly forEver: readonly string[]
  /** Keys of sessions without the times that make one. */
  readonly half: readonly string[]
}

/** All that happened, as it is kept and judged: nothing that is not in here counts. */
export interface History {
  readonly seed: number
  readonly visits: readonly Visit[]
  readonly faults: readonly Fault[]
  readonly remains: Remains
}

/** Something that must not happen, and the visit that showed it. */
export interface Violation {
  readonly what: string
  readonly visit?: Visit
}

/**
 * A visit that nobody answered (its node was killed, the balancer cut it) may have left a command on its way, which Redis runs for
 * as long as a store call may take; what was answered 503 may not.
 */
const ON_ITS_WAY_MS = 2_000

/** A 502 or 504 is the balancer's word: it does not know what became of the request. */
export const isAnswered = ({ status }: Visit): boolean => status !== 0 && status !== 502 && status !== 504

/** Whether a visit that was not acknowledged may have made its change all the same. */
export const mayHaveChanged = ({ status }: Visit): boolean => status === 0 || status >= 500

/** Later than this its change cannot have been made. */
export const changedAtLatest = (visit: Visit): number => visit.doneAt + (isAnswered(visit) ? 0 : ON_ITS_WAY_MS)

const FIELDS = [
  'client',
  'operation',
  'argument',
  'where',
  'sentAt',
  'doneAt',
  'status',
  'body',
  'reason',
  'hasRetryAfter',
  'bore',
  'given',
] as const satisfies readonly (keyof Visit)[]

/** A history as lines of JSON: the run, its faults, and each visit as a list of its fields. */
export function historyText({ visits, ...run }: History): string {
  const lines = [{ ...run, fields: FIELDS }, ...visits.map((visit) => FIELDS.map((field) => visit[field]))]
  return `${lines.map((line) => JSON.stringify(line)).join('\n')}\n`
}

/** The history that {@link historyText} wrote. */
export function parseHistory(text: string): History {
  const [head = '{}', ...lines] = text.trimEnd().split('\n')
  const { fields, ...run } = JSON.parse(head)
  const visit = (line: string) => {
    const values = JSON.parse(line) as unknown[]
    return Object.fromEntries((fields as string[]).map((field, i) => [field, values[i]])) as unknown as Visit
  }
  return { ...run, visits: lines.map(visit) }
}

/** Keeps a history, compressed: `zcat` shows it. */
export async function saveHistory(path: string, history: History): Promise<void> {
  await writeFile(path, await promisify(gzip)(historyText(history), { level: 9 }))
}

export async function loadHistory(path: string): Promise<History> {
  return parseHistory((await promisify(gunzip)(await readFile(path))).toString())
}
