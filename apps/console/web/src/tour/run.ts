import { computed, effect, type ReadonlySignal, type Signal, signal, untracked } from '@preact/signals'
import type { Outcome } from '@session-cluster/contract'
import type { CodecTrial } from '../../../wire/codec.ts'
import type { LaneId } from '../../../wire/record.ts'
import type { Translate } from '../i18n/translate.ts'
import { calls } from '../model/calls.ts'
import type { Place } from '../model/link.ts'
import { shareText } from '../model/share.ts'
import type { PageState } from '../model/state.ts'
import { steady } from '../model/steady.ts'
import type { Shown } from '../model/verdict.ts'
import type { Focus } from '../stage/picture.ts'
import { answering, type Guide, lastOf, setStage } from './moves.ts'
import { asked, asksOnce, laneOf, livesOnB, type Step, type Stop, sayIn, stopAt, stopsWith } from './script.ts'

/** As much of the page as the tour stands on. */
interface Ground {
  readonly state: PageState
  readonly now: PageState
  readonly place: Place
  readonly t: Translate
  readonly shown: Shown
  readonly fleet: { readonly trips: readonly unknown[] }
  readonly trial: Signal<CodecTrial | undefined>
  go(change: Partial<Place>): void
  attempt(work: Promise<unknown>): Promise<boolean>
}

/** How far one step has come. */
export type Phase = 'asked' | 'working' | 'revealed'

/** What a lane's head says of the step that was done. */
interface Happened {
  readonly mark: Outcome | undefined
  readonly text: string
  readonly note?: string
}

/** The key of a guess that is for all lanes. */
const everywhere = 'all'
const giveUpMs = 30_000

/**
 * The guided tour: one sentence a step, a guess under each lane that it is about, and then the real thing. The users stand still while it is
 * open: what happens is what the step did.
 */
export class Tour {
  readonly #page: Ground
  /** The step that was done last. */
  readonly #done = signal<{ readonly key: string; readonly user: string } | undefined>(undefined)
  /** About whom something is being done now, and since when. */
  readonly #busy = signal<{ readonly user: string; readonly since: number } | undefined>(undefined)
  /** By step, then by lane. */
  readonly #guesses = signal<Readonly<Record<string, Readonly<Record<string, string>>>>>({})
  readonly #skipped = signal<readonly string[]>([])
  readonly #ids: ReadonlySignal<readonly LaneId[]>
  readonly #at: ReadonlySignal<number | undefined>

  constructor(page: Ground) {
    this.#page = page
    this.#ids = steady(() => page.state.lanes.map(({ id }) => id))
    const tourPlace = steady(() => page.place.tour)
    this.#at = computed(() => {
      const place = tourPlace.value
      return place && stopAt(this.stops, place)
    })
    const ready = computed(() => page.state.lanes.some(({ state }) => state === 'ready'))
    const key = computed(() => (ready.value ? this.stop?.what.key : undefined))
    effect(() => {
      if (key.value !== undefined) untracked(() => this.#arrive())
    })
    const revealed = computed(() => (this.#done.value?.key === key.value ? key.value : undefined))
    effect(() => {
      if (revealed.value === undefined) return
      const step = untracked(() => this.stop?.what)
      return () => void step?.undo?.().catch(() => undefined)
    })
    this.#standStill(computed(() => (key.value !== undefined ? page.state.page : undefined)))
  }

  get #lanes(): readonly LaneId[] {
    return this.#ids.value
  }

  get stops(): readonly Stop[] {
    return stopsWith(this.#lanes)
  }

  /** The step that is open; `undefined` when the tour is closed. */
  get stop(): Stop | undefined {
    return this.#at.value === undefined ? undefined : this.stops[this.#at.value]
  }

  get phase(): Phase {
    if (this.#busy.value) return 'working'
    return this.stop && this.#done.value?.key === this.stop.what.key ? 'revealed' : 'asked'
  }

  /** Whom the step is about. */
  get subject(): string {
    const { stop } = this
    const done = this.#done.value
    if (this.#busy.value) return this.#busy.value.user
    if (done && done.key === stop?.what.key) return done.user
    return stop?.of.user(this.#page.state) ?? ''
  }

  /** Since when the step is being done, epoch ms. */
  get since(): number | undefined {
    return this.#busy.value?.since
  }

  /** The lane that the step is about, where it does not compare all. */
  get lane(): LaneId | undefined {
    return this.stop && laneOf(this.stop.what, this.#lanes)
  }

  /** Under which lanes one guesses; one entry, `all`, where one guess is for all of them. */
  get questions(): readonly (LaneId | typeof everywhere)[] {
    const { stop } = this
    if (!stop) return []
    const lanes = asked(stop.what, this.#lanes)
    return lanes.length > 1 && asksOnce(stop.what, this.#lanes) ? [everywhere] : lanes
  }

  guess(question: string): string | undefined {
    return this.#guesses.value[this.stop?.what.key ?? '']?.[question]
  }

  readonly setGuess = (question: string, answer: string): void => {
    const key = this.stop?.what.key ?? ''
    const all = this.#guesses.peek()
    this.#guesses.value = { ...all, [key]: { ...all[key], [question]: answer } }
  }

  /** The answer that is right to a question of this step. */
  right(question: string): string | undefined {
    const { stop } = this
    const lane = question === everywhere ? stop && asked(stop.what, this.#lanes)[0] : (question as LaneId)
    return lane && stop?.what.right?.(lane)
  }

  /** Whether the step may be done: every question has its guess, or the learner wants none. */
  get ready(): boolean {
    const { stop } = this
    return (
      stop !== undefined &&
      (this.#skipped.value.includes(stop.what.key) || this.questions.every((one) => this.guess(one)))
    )
  }

  /** The step's sentence, or once it is done what came of it. */
  get sentence(): string {
    const { stop } = this
    const { t, state } = this.#page
    if (!stop) return ''
    const cookie = state.lanes.find(({ id }) => id === (stop.what.lane ?? this.lane))?.cookieName ?? ''
    const n = livesOnB(state).length
    const key = this.phase === 'revealed' ? `${stop.what.key}.reveal` : stop.what.key
    return t.any(sayIn(key, this.lane, t.has), { user: this.subject, cookie, n })
  }

  /** Whom the picture points at. */
  get focus(): Focus | undefined {
    const { stop } = this
    if (!stop?.what.points) return undefined
    if (stop.what.points === 'user') return { users: [this.subject], nodes: [] }
    return this.phase === 'revealed' ? undefined : { users: livesOnB(this.#page.state), nodes: ['b'] }
  }

  /** What a lane's head says of the step that was done; `undefined`: what it always says. */
  happened(id: LaneId): Happened | undefined {
    const { stop } = this
    if (this.phase !== 'revealed' || !stop?.what.shows) return undefined
    const { state, t, shown } = this.#page
    const user = this.subject
    const lane = state.lanes.find((one) => one.id === id)
    if (!lane) return undefined
    switch (stop.what.shows) {
      case 'outcome': {
        const record = shown[`${id}/${user}`]
        return (
          record && {
            mark: record.outcome,
            text: t(`outcome.${record.outcome}`),
            note: t('tour.by', { node: record.node ?? '–' }),
          }
        )
      }
      case 'ten': {
        const records = lastOf(state, id, user)
        const n = records.filter(({ outcome }) => outcome === 'found').length
        return {
          mark: n < records.length ? 'miss' : 'found',
          text: t('verdict.count', { n, all: records.length }),
          note: t('outcome.found'),
        }
      }
      case 'answering':
        return { mark: undefined, text: answering(state, id, user).join(', '), note: t('tour.answered') }
      case 'share': {
        const node = stop.what.node ?? ''
        const rest = lane.nodes.map(({ name }) => `${name} ${shareText(lane, name)}`).join(' · ')
        return { mark: undefined, text: `${node} ${shareText(lane, node)}`, note: rest }
      }
    }
  }

  readonly start = (): void => this.#page.go({ tour: { chapter: 1, step: 1 } })
  readonly leave = (): void => this.#page.go({ tour: undefined, drawer: undefined })
  readonly skip = (): void => {
    const key = this.stop?.what.key
    if (key !== undefined) this.#skipped.value = [...this.#skipped.peek(), key]
  }

  readonly back = (): void => {
    const at = this.#at.peek() ?? 0
    if (this.phase !== 'working' && at > 0) this.to(this.stops[at - 1])
  }

  /** Does the step, or goes on to the next one when it is done. */
  readonly on = (): void => {
    if (this.phase === 'working') return
    if (this.phase === 'asked') return void (this.ready && this.run())
    this.to(this.stops[(this.#at.peek() ?? 0) + 1])
  }

  to(stop: Stop | undefined): void {
    if (stop) this.#page.go({ tour: { chapter: stop.chapter, step: stop.step } })
    else this.leave()
  }

  readonly run = async (): Promise<void> => {
    const { stop } = this
    if (!stop || this.#busy.peek()) return
    const user = this.subject
    const guide = guideOf(this.#page, user)
    this.#busy.value = { user, since: Date.now() }
    // Somebody may have let the traffic go in another browser.
    await this.#page.attempt(this.#pause().then(() => perform(stop, this.#done.peek()?.key, guide)))
    this.#busy.value = undefined
    this.#done.value = { key: stop.what.key, user }
  }

  #arrive(): void {
    const { stop } = this
    if (!stop) return
    const { lane, drawer } = stop.what
    this.#page.go({ user: this.subject, drawer, ...(lane && this.#lanes.includes(lane) && { lane }) })
  }

  #pause(): Promise<unknown> {
    const { page } = this.#page.now
    return page === undefined ? Promise.resolve() : calls.pause(page, true)
  }

  /** The pause is this page's: it ends with the tour, and with the page however that goes. */
  #standStill(wanted: ReadonlySignal<string | undefined>): void {
    effect(() => {
      const page = wanted.value
      if (page === undefined) return
      const paused = this.#page.attempt(calls.pause(page, true))
      return () => void paused.then(() => calls.pause(page, false).catch(() => undefined))
    })
  }
}

/** Does a step, on a stage that is set; first the one before it, when it goes on from there and that one was not just done. */
async function perform({ of, what }: Stop, done: string | undefined, guide: Hearing): Promise<void> {
  await setStage(guide)
  const before: Step | undefined = what.after && of.steps[of.steps.indexOf(what) - 1]
  if (before && before.key !== done) {
    await before.run(guide)
    await guide.heard()
    await setStage(guide)
  }
  await what.run(guide)
  await guide.heard()
}

interface Hearing extends Guide {
  /** Resolves once the page has heard of everything that was done: what is revealed must not be what was there before. */
  heard(): Promise<void>
}

function guideOf(page: Ground, user: string): Hearing {
  let last = 0
  const until = (fits: (state: PageState) => boolean) => becomes(page, fits)
  return {
    user,
    state: () => page.now,
    until,
    tried: (trial) => {
      page.trial.value = trial
    },
    async act(...args) {
      const { records } = await calls.act(...args)
      // Of a lane that is not shown nothing is heard.
      const here = page.now.lanes.map(({ id }) => id)
      for (const { seq, lane } of records) if (here.includes(lane)) last = Math.max(last, seq)
      return records
    },
    async heard() {
      await until(({ log }) => (log.at(-1)?.seq ?? 0) >= last)
      // The lanes' figures come less often than the requests.
      const { lanes } = page.now
      await until((next) => next.lanes !== lanes)
      // And the picture is there once the last trip has landed.
      await until(() => page.fleet.trips.length === 0)
    },
  }
}

/** Resolves when the page's state fits, or after a while. */
function becomes(page: Ground, fits: (state: PageState) => boolean): Promise<void> {
  return new Promise((resolve) => {
    let leave: (() => void) | undefined
    let over = false
    const finish = () => {
      over = true
      clearTimeout(timer)
      leave?.()
      resolve()
    }
    const timer = setTimeout(finish, giveUpMs)
    leave = effect(() => {
      const { state } = page
      if (!over && fits(state)) queueMicrotask(finish)
    })
  })
}
