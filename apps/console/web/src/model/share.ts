import type { LaneView } from '../../../wire/frame.ts'

/** The requests that a lane's share is of: at most the last 60. */
export const sharedRequests = ({ share }: LaneView): number => Object.values(share).reduce((sum, n) => sum + n, 0)

/** A node's part of the last requests, whole per cent; `undefined` for one that is not there to take any. */
export function sharePercent(lane: LaneView, node: string): number | undefined {
  const part = lane.share[node]
  const all = sharedRequests(lane)
  return part === undefined ? undefined : all === 0 ? 0 : Math.round((part / all) * 100)
}

/** The same, to be read. */
export function shareText(lane: LaneView, node: string): string {
  const share = sharePercent(lane, node)
  return share === undefined ? '–' : `${share}\u00a0%`
}
