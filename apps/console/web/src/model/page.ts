import { batch, computed, type ReadonlySignal, type Signal, signal } from '@preact/signals'
import { createContext } from 'preact'
import { useContext } from 'preact/hooks'
import type { CodecTrial } from '../../../wire/codec.ts'
import type { Frame, LaneAction, LaneView, NodeAction } from '../../../wire/frame.ts'
import type { RequestRecord } from '../../../wire/record.ts'
import { preferredLanguage, type Translate, translator } from '../i18n/translate.ts'
import { Fleet } from '../stage/fleet.ts'
import { Tour } from '../tour/run.ts'
import { addressed, keepAddress } from './address.ts'
import { pictures } from './beat.ts'
import { type Headline, headline } from './headline.ts'
import { type HeldLog, heldFrom, letIn } from './hold.ts'
import { type Place, settled } from './link.ts'
import { apply, emptyState, type PageState } from './state.ts'
import { steady } from './steady.ts'
import type { Source } from './stream.ts'
import { prefersStill } from './theme.ts'
import type { Trouble } from './trouble.ts'
import type { Shown } from './verdict.ts'

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

/** New frames are let into the page at most this often, ms. */
const drawMs = 100
/** While more comes than anyone can read, as often as the figures change, and no oftener. */
const fastDrawMs = 250
/** From this many requests a second on. */
const fastRate = 60

/**
 * All that the page knows and can do: one store of signals. Whatever a component reads of it while it is drawn draws it again when it
 * changes; nothing else does.
 */
export class Page {
  readonly source: Source
  readonly tour: Tour
  /** The requests on their way through the picture. */
  readonly fleet: Fleet
  /** What the codec cards and the tour tried last. */
  readonly trial: Signal<CodecTrial | undefined> = signal(undefined)
  readonly #state = signal<PageState>(emptyState)
  readonly #visible: ReadonlySignal<PageState>
  readonly #place: Signal<Place>
  readonly #settled: ReadonlySignal<Place>
  readonly #t: ReadonlySignal<Translate>
  readonly #headline: ReadonlySignal<Headline>
  readonly #dialog = signal<Dialog | undefined>(undefined)
  readonly #trouble = signal<Trouble | undefined>(undefined)
  readonly #pinned = signal<RequestRecord | undefined>(undefined)
  readonly #held = signal<HeldLog | undefined>(undefined)
  readonly #shown = signal<Shown>({})
  readonly #lastWord = signal(Date.now())
  /** Frames that wait to be let in. */
  #frames: Frame[] = []
  #drawnAt = 0
  #heard = 0

  constructor(source: Source) {
    this.source = source
    this.#place = addressed(preferredLanguage(navigator.languages), () => {
      // Both belong to the place that was left.
      this.open(undefined)
      this.pinRecord(undefined)
    })
    const only = computed(() => this.#place.value.only)
    this.#visible = computed(() => onlyLane(this.#state.value, only.value))
    const ids = steady(() => this.state.lanes.map(({ id }) => id))
    this.#settled = computed(() => settled(this.#place.value, ids.value))
    this.#t = computed(() => translator(this.#place.value.lang))
    this.#headline = steady(() => headline(this.state, this.t, () => this.#lastWord.value))
    keepAddress(
      computed(() => (ids.value.length === 0 ? undefined : this.#settled.value)),
      this.#place,
    )
    this.fleet = new Fleet((records) => this.#land(records))
    this.tour = new Tour(this)
    source.onFrame((frame) => this.#hear(frame))
    source.onSilence(() => {
      // What was heard before the silence must not be let in after it: it would say that the server is there.
      if (this.#frames.length > 0) this.#letIn(performance.now())
      const connection = this.#state.peek().lanes.length > 0 ? 'broken' : 'connecting'
      if (this.#state.peek().connection !== connection) this.#state.value = { ...this.#state.peek(), connection }
    })
  }

  get state(): PageState {
    return this.#visible.value
  }

  /** As {@link state}, without being drawn again when it changes. */
  get now(): PageState {
    return this.#visible.peek()
  }

  /** Where the page is, with a lane that is there. */
  get place(): Place {
    return this.#settled.value
  }

  get t(): Translate {
    return this.#t.value
  }

  /** What the page says while no tour is open, and the one action that it offers. */
  get headline(): Headline {
    return this.#headline.value
  }

  get dialog(): Dialog | undefined {
    return this.#dialog.value
  }

  get trouble(): Trouble | undefined {
    return this.#trouble.value
  }

  /** The record that the Why drawer shows in place of the user's last one. */
  get pinnedRecord(): RequestRecord | undefined {
    return this.#pinned.value
  }

  /** The log as it is held, if it is. */
  get held(): HeldLog | undefined {
    return this.#held.value
  }

  /** The requests that the picture shows at its people: each one's last, once its trip has landed. */
  get shown(): Shown {
    return this.#shown.value
  }

  readonly go = (change: Partial<Place>): void => {
    // Whoever looks at another user or lane, or goes on in the tour, does not look at that one request any more.
    if ('user' in change || 'lane' in change || 'tour' in change) this.pinRecord(undefined)
    this.#place.value = { ...this.#place.peek(), ...change }
  }

  readonly open = (dialog: Dialog | undefined): void => {
    this.#dialog.value = dialog
  }

  /** Runs a call; a failure is told at the foot of the page. */
  readonly attempt = async (work: Promise<unknown>): Promise<boolean> => {
    try {
      await work
      this.#trouble.value = undefined
      return true
    } catch (error) {
      this.#trouble.value = { failure: (error as Error).message }
      return false
    }
  }

  /** Says at the foot of the page why something cannot be had: an i18n key without its `disabled.`. */
  readonly tell = (reason: string): void => {
    this.#trouble.value = { reason }
  }

  readonly settleTrouble = (): void => {
    this.#trouble.value = undefined
  }

  readonly pinRecord = (record: RequestRecord | undefined): void => {
    this.#pinned.value = record
  }

  /** Holds the log at this moment, or lets it go. What falls out of the live log while it is held is not shown. */
  readonly hold = (): void => {
    this.#held.value = this.#held.peek() ? undefined : heldFrom(this.now)
  }

  /** Lets the next entry into the held log. */
  readonly holdStep = (): void => {
    const held = this.#held.peek()
    if (held) this.#held.value = letIn(held, this.now)
  }

  #hear(frame: Frame): void {
    // A whole frame comes from a server that answers.
    const trouble = this.#trouble.peek()
    if (frame.full && trouble && 'failure' in trouble && trouble.failure === 'server-away') this.settleTrouble()
    // What a page is told at its start was not heard just now.
    if (!frame.full) this.#heard += frame.records.length + frame.skipped
    this.#frames.push(frame)
    pictures.ask(this.#draw)
  }

  /** Lets in what has come, in one go. The same picture that the trips move in. */
  readonly #draw = (now: number): void => {
    if (this.#frames.length === 0) return
    const waits = this.#drawnAt + (this.#state.peek().fast ? fastDrawMs : drawMs) - now
    if (waits > 0 && this.#drawnAt > 0) pictures.ask(this.#draw)
    else this.#letIn(now)
  }

  #letIn(now: number): void {
    const state = this.#state.peek()
    const fast = (this.#heard / Math.max(1, now - this.#drawnAt)) * 1000 > fastRate
    const frames = this.#frames
    this.#frames = []
    this.#heard = 0
    this.#drawnAt = now
    const next = frames.reduce(apply, state)
    batch(() => {
      this.#state.value = { ...next, fast }
      this.#lastWord.value = Date.now()
      for (const { full, records } of frames) {
        if (full) this.#shown.value = next.latest
        else this.fleet.send(records, now, document.hidden || prefersStill())
      }
    })
  }

  /** A request's trip is over: only now its user shows what came of it. */
  #land(records: readonly RequestRecord[]): void {
    const shown = { ...this.#shown.peek() }
    for (const record of records.toSorted((one, other) => one.seq - other.seq)) {
      const { lane, user, action, status } = record
      // Of a value that was refused nothing can be said about the session.
      if (user === undefined || (action === 'context' && status === 422)) continue
      const key = `${lane}/${user}`
      // Nobody is shown an older request because its trip took longer.
      if ((shown[key]?.seq ?? 0) < record.seq) shown[key] = record
    }
    this.#shown.value = shown
  }
}

/** What is known of one lane, as if there were no other. */
function onlyLane(state: PageState, only: LaneView['id'] | undefined): PageState {
  if (only === undefined || !state.lanes.some(({ id }) => id === only)) return state
  const mine = <T extends { readonly lane: LaneView['id'] }>({ lane }: T) => lane === only
  return { ...state, lanes: state.lanes.filter(({ id }) => id === only), log: state.log.filter(mine) }
}

export const PageContext = createContext<Page | undefined>(undefined)

/** The page that this part belongs to. */
export function usePage(): Page {
  const page = useContext(PageContext)
  if (!page) throw new Error('used outside of the page')
  return page
}

/** The user who is looked at: the chosen one, or whom the tour is about, or the first. */
export function chosenUser({ state, place, tour }: Page): string | undefined {
  const wanted = place.user ?? (tour.stop && tour.subject)
  return state.users.find(({ name }) => name === wanted)?.name ?? state.users[0]?.name
}

/** The lane that is looked at: the chosen one, or the first that is there. */
export function chosenLane({ state, place }: Pick<Page, 'state' | 'place'>): LaneView | undefined {
  return state.lanes.find(({ id }) => id === place.lane) ?? state.lanes[0]
}
