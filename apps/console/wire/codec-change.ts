import type { CodecName } from '@session-cluster/contract'
import { type Consequence, living } from './consequence.ts'
import type { LaneView, UserView } from './frame.ts'

/** Codecs that write a text alike: what one of a pair wrote, the other reads. */
const alike: readonly (readonly CodecName[])[] = [
  ['typed-json', 'registry'],
  ['json', 'spring-json'],
]

/** What a codec makes of bytes that another one wrote. */
type Reading = 'same' | 'absent' | 'changed'

/** How a text, such as the users' tokens, reads in a lane that goes from one codec to another. */
export function readingOf(from: CodecName, to: CodecName): Reading {
  if (from === to || alike.some((pair) => pair.includes(from) && pair.includes(to))) return 'same'
  // Devalue's text is JSON too, but it says something else: "tea" is ["tea"] there.
  return to === 'json' && from !== 'v8' ? 'changed' : 'absent'
}

/** Foretells what becomes of the sessions that are stored when a lane's servers get another codec. */
export function codecConsequence(lane: LaneView, users: readonly UserView[], to: CodecName): Consequence {
  const all = living(lane, users)
  // What cannot be read now, the codec that is left did not write.
  const written = all.filter(({ lanes }) => lanes[lane.id]?.session === 'kept').length
  const from = lane.codec ?? 'json'
  const reading = readingOf(from, to)
  const key = from === to ? 'codec.none' : `codec.${reading}`
  return { key, values: { from, to, n: written, all: all.length }, losing: reading === 'same' ? 0 : written }
}
