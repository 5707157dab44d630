import { isGone } from '../../../wire/consequence.ts'
import type { LaneView } from '../../../wire/frame.ts'
import type { LaneId } from '../../../wire/record.ts'
import type { Translate, Values } from '../i18n/translate.ts'
import { redisSwitch } from './health.ts'
import type { PageState } from './state.ts'

/** What the page says above its picture while no tour is open, and the one action that it offers below. */
export interface Headline {
  /** A sentence: an i18n key, and what to fill in. */
  readonly says: string
  readonly values?: Values
  readonly offers: Offer
}

/** The one action: what it does, and why it cannot be had now. */
export type Offer =
  | { readonly does: 'wait' | 'again' | 'login' | 'start' | 'open' | 'tour' }
  | { readonly does: 'crash' | 'restart'; readonly node: string }
  | { readonly does: 'redis'; readonly lane: LaneId; readonly action: 'redis-thaw' | 'redis-start' }

/** The lanes' names with their numbers: `3 in Local, 0 in Clustered`. */
const list = (lanes: readonly LaneView[], t: Translate, of: (lane: LaneView) => number): string =>
  lanes.map((lane) => t('say.in', { lane: t(`mode.${lane.id}`), n: of(lane) })).join(', ')

/** The sentence and the action that fit what is now. `lastWord` tells when the server was heard last, epoch ms. */
export function headline(state: PageState, t: Translate, lastWord: () => number): Headline {
  const { lanes, users } = state
  if (state.connection === 'broken') {
    const time = new Date(lastWord()).toLocaleTimeString(t.lang)
    return { says: 'say.broken', values: { time }, offers: { does: 'again' } }
  }
  if (lanes.length === 0) return { says: 'say.connecting', offers: { does: 'wait' } }
  const failed = lanes.find(({ state: stands }) => stands === 'failed')
  const ready = lanes.filter(({ state: stands }) => stands === 'ready')
  if (ready.length === 0)
    return failed
      ? {
          says: 'say.failed',
          values: { lane: t(`mode.${failed.id}`), reason: failed.error ?? '' },
          offers: { does: 'wait' },
        }
      : { says: 'say.starting', offers: { does: 'wait' } }
  const nodes = ready.flatMap((lane) => lane.nodes)
  const redis = ready.find((lane) => lane.redis)?.redis
  if (nodes.length > 0 && nodes.every(isGone))
    return {
      says: redis?.sessions === undefined ? 'say.allDown' : 'say.allDown.redis',
      values: { n: redis?.sessions ?? 0 },
      offers: { does: 'start' },
    }
  const mute = ready.find((lane) => lane.redis && lane.redis.state !== 'up')
  if (mute?.redis && mute.redis.state !== 'up')
    return { says: 'say.redis', offers: { does: 'redis', lane: mute.id, action: redisSwitch[mute.redis.state] } }
  const sessionIs = (what: string) => (lane: LaneView) =>
    users.filter((user) => user.lanes[lane.id]?.session === what).length
  const unreadable = ready.filter((lane) => sessionIs('unreadable')(lane) > 0)
  if (unreadable.length > 0)
    return {
      says: 'say.unreadable',
      values: { list: list(unreadable, t, sessionIs('unreadable')) },
      offers: next(state, ready),
    }
  const down = [...new Set(nodes.filter((node) => isGone(node) && node.process !== 'starting').map(({ name }) => name))]
  const gone = ready.some((lane) => sessionIs('gone')(lane) > 0)
  if (down.length > 0)
    return {
      says: gone ? 'say.died' : 'say.died.nothing',
      values: { nodes: down.join(', '), list: list(ready, t, sessionIs('gone')) },
      offers: next(state, ready),
    }
  if (gone) return { says: 'say.gone', values: { list: list(ready, t, sessionIs('gone')) }, offers: next(state, ready) }
  if (users.every((user) => Object.values(user.lanes).every(({ session }) => session === 'none')))
    return { says: 'say.empty', offers: { does: 'login' } }
  const [only] = ready
  return {
    says: lanes.length === 1 && only ? `say.one.${only.id}` : 'say.calm',
    values: { n: users.length },
    offers: next(state, ready),
  }
}

/** What to try next. */
function next({ users, clock }: PageState, ready: readonly LaneView[]): Offer {
  const dead = ready.flatMap(({ nodes }) => nodes).find((node) => isGone(node) && node.process !== 'starting')
  // Nobody notices what nobody asks for.
  const unnoticed = users.some((user) =>
    ready.some(({ id }) => user.lanes[id]?.session === 'gone' && user.lanes[id]?.last !== 'lost'),
  )
  if (unnoticed && !clock.running) return { does: 'open' }
  const can = (action: 'crash' | 'restart') => ready.some(({ disabled }) => disabled[action] === undefined)
  if (dead && can('restart')) return { does: 'restart', node: dead.name }
  if (users.some((user) => ready.some(({ id }) => user.lanes[id]?.session === 'gone'))) return { does: 'login' }
  const victim = ready.flatMap(({ nodes }) => nodes).find(({ name }) => name === 'b') ?? ready[0]?.nodes[0]
  return victim && can('crash') ? { does: 'crash', node: victim.name } : { does: 'tour' }
}
