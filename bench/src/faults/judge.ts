import { judgeEnds, judgeGiven } from './ends.ts'
import { type Fault, type History, isAnswered, type Remains, type Violation, type Visit } from './history.ts'
import { type Lineage, lineagesOf } from './lineage.ts'
import { itemsOf, judgeCart, judgeCounter, judgeRegister } from './values.ts'

/** Longer than this no answer may take, ms: a hang. */
const HANG_MS = 20_000

/** How long after a fault whoever it silenced may still be silent, ms: a request that was taken before waits for its end. */
const AFTERMATH_MS = 1_000

/** Every violation of what sessions promise. A pure function of the history: what was stored can be judged again. */
export function judge({ visits, faults, remains }: History): Violation[] {
  const inOrder = visits.toSorted((a, b) => a.doneAt - b.doneAt)
  const clients = Map.groupBy(inOrder, ({ client }) => client)
  return [
    ...inOrder.flatMap((visit) => judgeAnswer(visit, faults)),
    ...judgeGiven(inOrder),
    ...[...clients.values()].flatMap((own) => [...judgeEnds(own), ...judgeLineages(lineagesOf(own))]),
    ...judgeRemains(remains),
  ]
}

/** What holds of every answer by itself. */
function judgeAnswer(visit: Visit, faults: readonly Fault[]): Violation[] {
  const { client, operation, argument, where, status, body, hasRetryAfter, sentAt, doneAt } = visit
  const what: string[] = []
  if (status === 500) what.push('an internal error')
  if (status >= 500 && body === '') what.push('a 5xx without a text')
  if (status === 503 && !hasRetryAfter) what.push('a 503 without Retry-After')
  if (doneAt - sentAt > HANG_MS) what.push('a hang')
  const isSilenced = ({ silences, from, to }: Fault): boolean =>
    silences.includes(where) && from <= doneAt && sentAt <= to + AFTERMATH_MS
  if (!isAnswered(visit) && !faults.some(isSilenced)) what.push(`no answer from ${where}, which nothing was wrong with`)
  const values = operation === 'get' || operation === 'dead' ? [body] : itemsOf(visit)
  const isForeign = (value: string): boolean => !value.startsWith(`${client}-`)
  if (status === 200 && READS.has(operation) && values.some(isForeign)) what.push('a value of another client')
  if (status === 200 && operation === 'add' && !values.includes(argument)) what.push('an item that was not put in')
  return what.map((text) => ({ what: text, visit }))
}

const READS = new Set(['get', 'dead', 'cart', 'add'])

/**
 * Where it is not known which of a session's successors goes on with its data, each may be, or none: there is a fault only when no such
 * choice explains what was seen. Answers the fewest violations.
 */
function judgeLineages(lineages: readonly Lineage[]): Violation[] {
  const successors = Map.groupBy(lineages, ({ perhapsOf }) => perhapsOf)
  const known = new Map<Lineage, Violation[]>()
  const afresh = (lineage: Lineage): Violation[] => {
    const found = known.get(lineage) ?? going(lineage, lineage.visits)
    known.set(lineage, found)
    return found
  }
  /** What is wrong with a session that has done all this and may go on as one of its successors, and with all that came of it. */
  const going = (lineage: Lineage, visits: readonly Visit[]): Violation[] => {
    const next = successors.get(lineage) ?? []
    let least = [...judgeValues(visits), ...next.flatMap(afresh)]
    for (const heir of next) {
      if (least.length === 0) break
      const others = next.filter((each) => each !== heir).flatMap(afresh)
      const found = [
        ...going(
          heir,
          [...visits, ...heir.visits].sort((a, b) => a.doneAt - b.doneAt),
        ),
        ...others,
      ]
      if (found.length < least.length) least = found
    }
    return least
  }
  return (successors.get(undefined) ?? []).flatMap(afresh)
}

const judgeValues = (visits: readonly Visit[]): Violation[] => [
  ...judgeRegister(visits),
  ...judgeCounter(visits),
  ...judgeCart(visits),
]

function judgeRemains({ forEver, half }: Remains): Violation[] {
  return [
    ...forEver.map((key) => ({ what: `a key that never expires: ${key}` })),
    ...half.map((key) => ({ what: `a key with half a session: ${key}` })),
  ]
}
