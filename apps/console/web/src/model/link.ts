import { modes } from '@session-cluster/contract'
import type { LaneId } from '../../../wire/record.ts'
import { type Language, languages } from '../i18n/translate.ts'

/** What can be opened under the stage, one at a time. */
export const drawers = ['what-if', 'why', 'cookie', 'session', 'redis', 'events', 'servers'] as const
export type Drawer = (typeof drawers)[number]
export const themes = ['light', 'dark'] as const
export type Theme = (typeof themes)[number]

/** What of the page's state is in its address, so that it can be passed on. */
export interface Place {
  readonly lang: Language
  /** `undefined`: as the system has it. */
  readonly theme: Theme | undefined
  readonly user: string | undefined
  readonly lane: LaneId
  /** `undefined` when none is open. */
  readonly drawer: Drawer | undefined
  /** Chapter and step, both from 1; `undefined` when the tour is closed. */
  readonly tour: { readonly chapter: number; readonly step: number } | undefined
  readonly present: boolean
  /** Only this lane is shown, as if the others were not there. */
  readonly only: LaneId | undefined
}

/** Reads the part after `#`. What is not understood is as if it were not there. */
export function readPlace(hash: string, preferred: Language): Place {
  const fields = new URLSearchParams(hash.replace(/^#/, ''))
  const one = <T extends string>(name: string, allowed: readonly T[]): T | undefined =>
    allowed.find((value) => value === fields.get(name))
  const tour = /^([1-7])(?:\.([1-9]\d?))?$/.exec(fields.get('tour') ?? '')
  const user = fields.get('user') ?? ''
  return {
    lang: one('lang', languages) ?? preferred,
    theme: one('theme', themes),
    user: /^[A-Z][a-z]{1,15}$/.test(user) ? user : undefined,
    lane: one('lane', modes) ?? 'sticky',
    drawer: one('drawer', drawers),
    tour: tour ? { chapter: Number(tour[1]), step: Number(tour[2] ?? 1) } : undefined,
    present: fields.get('present') === '1',
    only: one('only', modes),
  }
}

/**
 * The place that the browser's back and forward lead to: what is looked at is as it was there, how the page is read stays as it is. Whoever
 * changed the language or the theme meanwhile did not do so for one step of the tour.
 */
export function revisited(there: Place, { lang, theme, present, only }: Place): Place {
  return { ...there, lang, theme, present, only }
}

/** Whether the way from one place to another is a step that the browser's back should undo. Only the tour goes by steps. */
export const isStep = (from: Place, to: Place): boolean =>
  from.tour?.chapter !== to.tour?.chapter || from.tour?.step !== to.tour?.step

/** The place as it can be shown: with a lane that is there. Unchanged while no lane is known yet. */
export function settled(place: Place, lanes: readonly LaneId[]): Place {
  const [first] = lanes
  return first === undefined || lanes.includes(place.lane) ? place : { ...place, lane: first }
}

/** The address of a place; reading it gives the same place back. */
export function writePlace(place: Place): string {
  const fields = new URLSearchParams({ lang: place.lang })
  if (place.theme) fields.set('theme', place.theme)
  if (place.user) fields.set('user', place.user)
  fields.set('lane', place.lane)
  if (place.drawer) fields.set('drawer', place.drawer)
  if (place.tour) fields.set('tour', `${place.tour.chapter}.${place.tour.step}`)
  if (place.present) fields.set('present', '1')
  if (place.only) fields.set('only', place.only)
  return `#${fields}`
}
