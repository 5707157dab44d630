import { mayHaveEnded } from './ends.ts'
import type { Visit } from './history.ts'

/** One session through its logins, which give it another id each: all that was done with it, in the order of the answers. */
export interface Lineage {
  readonly visits: Visit[]
  /**
   * The login with which it began, where it is not known whether that one gave a session another id or, as there was none any
   * more, made a new one; with the lineage that it may go on.
   */
  readonly perhapsOf?: Lineage
}

/** The sessions of one client. */
export function lineagesOf(visits: readonly Visit[]): Lineage[] {
  const byId = new Map<string, Lineage>()
  const all: Lineage[] = []
  const begin = (id: string, visit: Visit, perhapsOf?: Lineage): void => {
    const lineage = { visits: [visit], ...(perhapsOf && { perhapsOf }) }
    byId.set(id, lineage)
    all.push(lineage)
  }
  const births = visits.filter(({ given }) => given !== '')
  for (const visit of births) {
    const { bore, given, operation } = visit
    const before = byId.get(bore)
    if (operation !== 'login' || !before) begin(given, visit)
    else if (mayBeGone(visits, visit)) begin(given, visit, before)
    else {
      before.visits.push(visit)
      byId.set(given, before)
    }
  }
  for (const visit of visits) if (visit.given === '') byId.get(visit.bore)?.visits.push(visit)
  for (const lineage of all) lineage.visits.sort((a, b) => a.doneAt - b.doneAt)
  return all
}

/** Whether another visit may have ended the session before this login came to it. */
function mayBeGone(visits: readonly Visit[], login: Visit): boolean {
  return visits.some(
    (visit) => visit !== login && visit.bore === login.bore && mayHaveEnded(visit) && visit.sentAt < login.doneAt,
  )
}
