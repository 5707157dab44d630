import type { LaneView } from '../../../wire/frame.ts'
import type { RequestRecord } from '../../../wire/record.ts'
import type { PageState } from './state.ts'

/** The same action is sent to all lanes at once; in a lane where the user is still waiting it leaves a little later, ms. */
const sameMs = 250

/** What became of the same action in each other lane, where the page still knows it. */
export function elsewhere(
  record: RequestRecord,
  { lanes, latest, log }: Pick<PageState, 'latest' | 'log'> & { readonly lanes: readonly Pick<LaneView, 'id'>[] },
): RequestRecord[] {
  const known = [...log.filter((entry) => entry.kind === 'request'), ...Object.values(latest)]
  const distance = ({ at }: RequestRecord) => Math.abs(at - record.at)
  return lanes.flatMap(({ id }) => {
    if (id === record.lane || record.user === undefined) return []
    const same = known
      .filter(({ lane, user, action }) => lane === id && user === record.user && action === record.action)
      .toSorted((one, other) => distance(one) - distance(other))[0]
    return same && distance(same) <= sameMs ? [same] : []
  })
}
