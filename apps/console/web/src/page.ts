import { createContext } from 'preact'
import { useContext } from 'preact/hooks'
import type { LaneAction, LaneView, NodeAction } from '../../wire/frame.ts'
import type { RequestRecord } from '../../wire/record.ts'
import type { Translate } from './i18n/translate.ts'
import type { Place } from './link.ts'
import type { PageState } from './state.ts'
import type { Stream } from './stream.ts'

/** The dialog that is open, if any. */
export type Dialog =
  | { readonly kind: 'keys' }
  | { readonly kind: 'node'; readonly lane: LaneView['id']; readonly node: string }
  | {
      readonly kind: 'confirm'
      readonly action: NodeAction | LaneAction
      readonly node?: string
      readonly lane?: LaneView['id']
    }

/** What every part of the page may read and do. */
export interface Page {
  readonly state: PageState
  readonly place: Place
  readonly t: Translate
  readonly stream: Stream
  go(change: Partial<Place>): void
  open(dialog: Dialog | undefined): void
  /** Runs a call; a failure is told at the foot of the page. */
  attempt(work: Promise<unknown>): Promise<boolean>
  /** Says at the foot of the page why something cannot be had: an i18n key without its `disabled.`. */
  tell(reason: string): void
  /** The record that the Why tab shows in place of the user's last one. */
  readonly pinnedRecord: RequestRecord | undefined
  pinRecord(record: RequestRecord | undefined): void
}

export const PageContext = createContext<Page | undefined>(undefined)

/** The page that this part belongs to. */
export function usePage(): Page {
  const page = useContext(PageContext)
  if (!page) throw new Error('used outside of the page')
  return page
}

/** The user who is looked at: the chosen one, or the first. */
export function chosenUser({ state, place }: Pick<Page, 'state' | 'place'>): string | undefined {
  return state.users.find(({ name }) => name === place.user)?.name ?? state.users[0]?.name
}

/** The lane that is looked at: the chosen one, or the first that is there. */
export function chosenLane({ state, place }: Pick<Page, 'state' | 'place'>): LaneView | undefined {
  return state.lanes.find(({ id }) => id === place.lane) ?? state.lanes[0]
}
