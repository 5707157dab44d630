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

function judgeLineages(lineages: readonly Lineage[]): Violation[] {
  const found = new Map(lineages.map((lineage) => [lineage, judgeValues(lineage.visits)]))
  const wholes = new Map<Lineage, Lineage>()
  const wholeOf = (lineage: Lineage): Lineage => {
    const whole = wholes.get(lineage)
    return whole ? wholeOf(whole) : lineage
  }
  for (const lineage of lineages) {
    if (!lineage.perhapsOf) continue
    const before = wholeOf(lineage.perhapsOf)
    const whole = { visits: [...before.visits, ...lineage.visits].sort((a, b) => a.doneAt - b.doneAt) }
    const together = judgeValues(whole.visits)
    // Either may be what happened: something is wrong only when neither can be.
    if (together.length > faultsOf(before) + faultsOf(lineage)) continue
    for (const part of [before, lineage]) {
      found.delete(part)
      wholes.set(part, whole)
    }
    found.set(whole, together)
  }
  function faultsOf(lineage: Lineage): number {
    return found.get(lineage)?.length ?? 0
  }
  return [...found.values()].flat()
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
