import { isGone } from '../../../wire/consequence.ts'
import type { LaneView } from '../../../wire/frame.ts'
import type { Translate } from '../i18n/translate.ts'

/** One sentence about how a lane stands. */
export function laneNote(lane: LaneView, t: Translate): string {
  if (lane.state !== 'ready') return lane.error ?? ''
  if (!lane.on) return t('lane.off')
  if (lane.busy) return busyWords(lane.busy, t)
  if (lane.redis && lane.redis.state !== 'up') return t('lane.note.redis')
  const down = lane.nodes.find((node) => isGone(node) && node.process !== 'starting')
  return down ? t.any(`lane.note.${lane.id}.down`, { node: down.name }) : t.any(`lane.note.${lane.id}`)
}

/** What is being done, and how far it is. */
export function busyWords({ what, done, of }: NonNullable<LaneView['busy']>, t: Translate): string {
  const far = of > 1 ? ` ${t('busy.far', { done, of })}` : ''
  return `${t.any(`busy.${what}`)}${far}`
}
