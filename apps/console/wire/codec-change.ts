import type { NodeCodec } from './codec.ts'
import { type Consequence, living } from './consequence.ts'
import type { LaneView, UserView } from './frame.ts'

/** Codecs that write plain values alike: what one wrote, the other reads. */
const kin: readonly NodeCodec[] = ['typed-json', 'registry']

/** What a codec makes of bytes that another one wrote. */
type Reading = 'same' | 'absent' | 'changed'

/** How a text, such as the users' tokens, reads in a lane that goes from one codec to another. */
export function readingOf(from: NodeCodec, to: NodeCodec): Reading {
  if (from === to || (kin.includes(from) && kin.includes(to))) return 'same'
  // Devalue's text is JSON too, but it says something else: "tea" is ["tea"] there.
  return to === 'json' && kin.includes(from) ? 'changed' : 'absent'
}

/** Foretells what becomes of the sessions that are stored when a lane's servers get another codec. */
export function codecConsequence(lane: LaneView, users: readonly UserView[], to: NodeCodec): Consequence {
  const all = living(lane, users).length
  const from = lane.codec ?? 'json'
  const reading = readingOf(from, to)
  const key = from === to ? 'codec.none' : `codec.${reading}`
  return { key, values: { from, to, n: all, all }, losing: reading === 'same' ? 0 : all }
}
