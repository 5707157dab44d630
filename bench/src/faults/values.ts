import { changedAtLatest, mayHaveChanged, type Violation, type Visit } from './history.ts'

const WITHOUT = 'no-attribute'
const isRead = (visit: Visit): boolean => visit.status === 200 || visit.reason === WITHOUT

/** All that is done with one value, and the span of time that it must fill. */
interface Zone {
  readonly value: string
  /** The first end of anything that saw or made it, and the last beginning. */
  first: number
  last: number
  /** The visit that says most against it. */
  witness: Visit
}

/**
 * A register that is read and written whole, each value once: there must be an order of all visits, each at some time while it was
 * under way, in which every read answers what was written last. With each value written once that can be decided at once (Gibbons
 * and Korach, Testing Shared Memories, 1997): the time between the first end and the last beginning of a value's visits is
 * that value's alone; a value whose visits all overlap must find room beside those.
 */
export function judgeRegister(visits: readonly Visit[]): Violation[] {
  const writes = new Map(visits.filter(({ operation }) => operation === 'set').map((visit) => [visit.argument, visit]))
  const reads = visits.filter((visit) => visit.operation === 'get' && isRead(visit))
  const found: Violation[] = []
  const zones = new Map<string, Zone>()
  for (const [value, visit] of writes) {
    if (visit.status === 200) zones.set(value, { value, first: visit.doneAt, last: visit.sentAt, witness: visit })
  }
  for (const visit of reads) {
    const value = visit.reason === WITHOUT ? '' : visit.body
    const write = writes.get(value)
    const wrong = (what: string): void => void found.push({ what: `${what}: ${value}`, visit })
    if (value !== '' && !write) {
      wrong('a value that was never written to this session')
      continue
    }
    if (write && (visit.doneAt < write.sentAt || (write.status !== 200 && !mayHaveChanged(write)))) {
      wrong('a value that was not written yet, or refused for good')
      continue
    }
    const made = write ? changedAtLatest(write) : -Infinity
    const zone = zones.get(value) ?? { value, first: made, last: write?.sentAt ?? -Infinity, witness: visit }
    zone.first = Math.min(zone.first, visit.doneAt)
    if (visit.sentAt > zone.last) Object.assign(zone, { last: visit.sentAt, witness: visit })
    zones.set(value, zone)
  }
  const alone = [...zones.values()].filter(({ first, last }) => first < last).toSorted((a, b) => a.first - b.first)
  const say = (zone: Zone, other: Zone): void => {
    found.push({
      what: `a value is back, or lost: ${zone.value || '(none)'} and ${other.value || '(none)'}`,
      visit: zone.witness,
    })
  }
  for (const [i, zone] of alone.entries()) {
    const next = alone[i + 1]
    if (next && next.first < zone.last) say(zone, next)
  }
  for (const other of zones.values()) {
    if (other.first < other.last) continue
    const around = alone.find(({ first, last }) => first < other.last && other.first < last)
    if (around) say(around, other)
  }
  return found
}

/**
 * A counter that only grows: between two looks at it, one after the other, it must have grown by what was acknowledged between them,
 * and by no more than what may have happened.
 */
export function judgeCounter(visits: readonly Visit[]): Violation[] {
  const counts = visits.filter(
    (visit) => visit.operation === 'count' && (visit.status === 200 || mayHaveChanged(visit)),
  )
  const found: Violation[] = []
  const seen = new Set<string>()
  for (const visit of counts.filter(({ status }) => status === 200)) {
    if (seen.has(visit.body)) found.push({ what: `a count that was given twice: ${visit.body}`, visit })
    seen.add(visit.body)
  }
  const looks = visits
    .filter(
      (visit) =>
        (visit.operation === 'counter' && isRead(visit)) || (visit.operation === 'count' && visit.status === 200),
    )
    .map((visit) => ({ visit, value: visit.reason === WITHOUT ? 0 : Number(visit.body) }))
  let from: { readonly visit?: Visit; readonly value: number; readonly sentAt: number; readonly doneAt: number } = {
    value: 0,
    sentAt: -Infinity,
    doneAt: -Infinity,
  }
  for (const { visit, value } of looks) {
    if (visit.sentAt < from.doneAt) continue // at once with it: no order to go by
    const between = counts.filter((count) => count !== from.visit)
    const least = between.filter(
      (count) =>
        count === visit || (count.status === 200 && count.sentAt >= from.doneAt && count.doneAt <= visit.sentAt),
    ).length
    const most = between.filter((count) => changedAtLatest(count) > from.sentAt && count.sentAt < visit.doneAt).length
    const grown = value - from.value
    if (grown < least || grown > most) {
      const what = `a count that cannot be: ${value}, after ${from.value} and ${least === most ? least : `${least} to ${most}`} more`
      found.push({ what, visit })
    }
    from = { visit, value, sentAt: visit.sentAt, doneAt: visit.doneAt }
  }
  return found
}

/** A cart keeps what was put into it, once each, and nothing else. */
export function judgeCart(visits: readonly Visit[]): Violation[] {
  const adds = new Map(visits.filter(({ operation }) => operation === 'add').map((visit) => [visit.argument, visit]))
  const looks = visits
    .filter(
      (visit) => (visit.operation === 'cart' && isRead(visit)) || (visit.operation === 'add' && visit.status === 200),
    )
    .map((visit) => ({ visit, items: new Set(itemsOf(visit)), count: itemsOf(visit).length }))
  const found: Violation[] = []
  for (const { visit, items, count } of looks) {
    const wrong = (what: string): void => void found.push({ what, visit })
    if (items.size < count) wrong('an item that is there twice')
    for (const item of items) {
      const add = adds.get(item)
      if (!add) wrong(`an item that was never put into this cart: ${item}`)
      else if (add.sentAt > visit.doneAt || (add.status !== 200 && !mayHaveChanged(add)))
        wrong(`an item that was not put in yet, or refused for good: ${item}`)
    }
  }
  for (const [item, add] of adds) {
    const known = add.status === 200 ? [add.doneAt] : []
    const seen = looks.filter(({ items }) => items.has(item)).map(({ visit }) => visit)
    const missing = looks.filter(({ items }) => !items.has(item)).map(({ visit }) => visit)
    const since = Math.min(...known, ...seen.map(({ doneAt }) => doneAt))
    for (const visit of missing) if (visit.sentAt > since) found.push({ what: `an item is lost: ${item}`, visit })
    // It was refused, was not there then, and so must never come.
    const refused = missing.filter(({ sentAt }) => sentAt > changedAtLatest(add)).map(({ doneAt }) => doneAt)
    const never = Math.min(Infinity, ...refused)
    for (const visit of seen) {
      if (visit.sentAt > never && add.status !== 200)
        found.push({ what: `an item that was refused is there: ${item}`, visit })
    }
  }
  return found
}

/** The items that a visit was answered. */
export function itemsOf({ status, body }: Visit): string[] {
  try {
    return status === 200 ? (JSON.parse(body) as string[]) : []
  } catch {
    return []
  }
}
