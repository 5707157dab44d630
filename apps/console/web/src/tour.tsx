import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'
import type { LaneId, RequestRecord } from '../../wire/record.ts'
import { calls } from './calls.ts'
import { lastTrial } from './codec-card.tsx'
import { shareText } from './diagram.tsx'
import { standOf } from './health.ts'
import type { Key } from './i18n/en.ts'
import { busyWords } from './lane.tsx'
import { OutcomePill, signs } from './mark.tsx'
import { usePage } from './page.ts'
import { useStandStill } from './stand-still.ts'
import { useStore } from './store.ts'
import type { Stream } from './stream.ts'
import { answering, type Guide, lastOf, setStage } from './tour-moves.ts'
import { answersOf, type Chapter, laneOf, type Step, type Stop, sayIn, stopsWith } from './tour-script.ts'

/** How far one step has come. */
type Phase = 'asked' | 'working' | 'revealed'

/** What the tour's buttons do, so that the arrow keys can do the same. */
export interface TourKeys {
  back?: () => void
  on?: () => void
}

const giveUpMs = 30_000

/** The guided tour: one sentence a step, a guess, and then the real thing. */
export function Tour({ keys }: { keys: TourKeys }) {
  const page = usePage()
  const { t, place, go } = page
  const lanes = page.state.lanes.map(({ id }) => id)
  const stops = stopsWith(lanes)
  const at = indexOf(stops, place.tour ?? { chapter: 1, step: 1 })
  const here = stops[at] as Stop
  const { of: chapter, what: step } = here
  const lane = laneOf(step, lanes)
  const { phase, run, guess, setGuess, subject } = useStep(chapter, step)
  const to = (stop: Stop | undefined) => go({ tour: stop && { chapter: stop.chapter, step: stop.step } })
  const next = () => to(stops[at + 1])
  const back = () => at > 0 && to(stops[at - 1])
  const last = at === stops.length - 1
  const on = phase === 'revealed' ? next : run
  const working = phase === 'working'
  Object.assign(keys, { back: working ? undefined : back, on: working ? undefined : on })
  const section = useRef<HTMLElement>(null)
  // A layout effect: it ends while the button that was pressed is still there.
  useLayoutEffect(
    () => () => {
      // Whoever leaves it by its own buttons goes on at the one that opened it.
      if (section.current?.contains(document.activeElement)) document.querySelector<HTMLElement>('.invite')?.focus()
    },
    [],
  )
  return (
    <section
      ref={section}
      class="panel tour"
      aria-label={t('tour.title')}
      data-step={`${here.chapter}.${here.step}`}
      data-phase={phase}
    >
      <Progress stops={stops} chapter={here.chapter} disabled={working} />
      <div class="grow">
        <p class="say" aria-live="polite">
          <b>
            {here.chapter} · {t.any(`${chapter.key}.title`)}
          </b>
          {t.any(sayIn(step.key, lane, t.has), { user: subject })}
        </p>
        {step.answers && phase !== 'revealed' && (
          <Guess step={step} lane={lane} guess={guess} onGuess={setGuess} disabled={working} />
        )}
        {working && <Working />}
        {phase === 'revealed' && <Reveal step={step} lane={lane} guess={guess} user={subject} />}
      </div>
      <div class="row">
        <button type="button" onClick={working ? undefined : back} aria-disabled={working} disabled={at === 0}>
          <span aria-hidden="true">← </span>
          {t('tour.back')}
        </button>
        <button type="button" class="primary" aria-disabled={working} onClick={working ? undefined : on}>
          {t(buttonWord(phase, step, last))}
          <span aria-hidden="true"> →</span>
        </button>
        <button
          type="button"
          class="icon"
          aria-label={t('tour.close')}
          title={t('tour.close')}
          onClick={() => go({ tour: undefined })}
        >
          <span aria-hidden="true">×</span>
        </button>
      </div>
    </section>
  )
}

/** Where the tour is that was asked for; what is left out here leads to what comes after it. */
function indexOf(stops: readonly Stop[], { chapter, step }: { chapter: number; step: number }): number {
  const after = stops.findIndex((stop) => stop.chapter > chapter || (stop.chapter === chapter && stop.step >= step))
  const last = stops.findLastIndex((stop) => stop.chapter === chapter)
  return after >= 0 && stops[after]?.chapter === chapter
    ? after
    : last >= 0
      ? last
      : after >= 0
        ? after
        : stops.length - 1
}

function buttonWord(phase: Phase, step: Step, last: boolean): Key {
  if (phase === 'working') return 'tour.working'
  if (phase === 'revealed') return last ? 'tour.end' : 'tour.next'
  return step.answers ? 'tour.reveal' : 'tour.do'
}

/** One step's progress. The users stand still while the tour is open: what happens is what the step did. */
function useStep(chapter: Chapter, step: Step) {
  const { state, stream, go, attempt } = usePage()
  /** The step that was done last. */
  const [done, setDone] = useState<{ key: string; user: string }>()
  /** About whom something is being done now. */
  const [busy, setBusy] = useState<string>()
  const [guesses, setGuesses] = useState<Readonly<Record<string, string>>>({})
  const mine = done?.key === step.key ? done : undefined
  const subject = busy ?? mine?.user ?? chapter.user(state)
  const ready = state.lanes.some(({ state: standing }) => standing === 'ready')
  const standStill = useStandStill(ready)
  useEffect(() => {
    if (ready)
      go({
        user: subject,
        ...(step.lane && state.lanes.some(({ id }) => id === step.lane) && { lane: step.lane }),
        ...(step.tab && { tab: step.tab }),
      })
  }, [step.key, ready])
  const stopped = mine !== undefined && step.undo !== undefined
  useEffect(() => {
    if (stopped) return () => void step.undo?.().catch(() => undefined)
  }, [step.key, stopped])
  const alive = useRef(true)
  useEffect(
    () => () => {
      alive.current = false
    },
    [],
  )
  const run = async () => {
    if (busy) return
    setBusy(subject)
    await attempt(standStill().then(() => perform(chapter, step, done?.key, guideOf(stream, subject))))
    if (!alive.current) return
    setBusy(undefined)
    setDone({ key: step.key, user: subject })
  }
  const setGuess = (answer: string) => setGuesses({ ...guesses, [step.key]: answer })
  const phase: Phase = busy !== undefined ? 'working' : mine ? 'revealed' : 'asked'
  return { phase, run, guess: guesses[step.key], setGuess, subject }
}

/** Does a step, on a stage that is set; first the one before it, when it goes on from there and that one was not just done. */
async function perform(chapter: Chapter, step: Step, done: string | undefined, guide: Hearing): Promise<void> {
  await setStage(guide)
  const before = step.after && chapter.steps[chapter.steps.indexOf(step) - 1]
  if (before && before.key !== done) {
    await before.run(guide)
    await guide.heard()
    await setStage(guide)
  }
  await step.run(guide)
  await guide.heard()
}

interface Hearing extends Guide {
  /** Resolves once the page has heard of everything that was done: what is revealed must not be what was there before. */
  heard(): Promise<void>
}

function guideOf({ state }: Stream, user: string): Hearing {
  let last = 0
  return {
    user,
    state: state.get,
    until: (fits) => until(state, fits),
    async act(...args) {
      const { records } = await calls.act(...args)
      for (const { seq } of records) last = Math.max(last, seq)
      return records
    },
    async heard() {
      await until(state, ({ log }) => (log.at(-1)?.seq ?? 0) >= last)
      // The lanes' figures come less often than the requests.
      const { lanes } = state.get()
      await until(state, (next) => next.lanes !== lanes)
    },
  }
}

function until(
  source: { get(): Parameters<Chapter['user']>[0]; subscribe(listener: () => void): () => void },
  fits: (state: Parameters<Chapter['user']>[0]) => boolean,
): Promise<void> {
  return new Promise((resolve) => {
    const finish = () => {
      clearTimeout(timer)
      leave()
      resolve()
    }
    const look = () => fits(source.get()) && finish()
    const timer = setTimeout(finish, giveUpMs)
    const leave = source.subscribe(look)
    look()
  })
}

/** The chapters that there are, the one that is open among them. */
function Progress({ stops, chapter, disabled }: { stops: readonly Stop[]; chapter: number; disabled: boolean }) {
  const { t, go } = usePage()
  const starts = stops.filter((stop, index) => stops[index - 1]?.chapter !== stop.chapter)
  const n = starts.findIndex((stop) => stop.chapter === chapter) + 1
  return (
    <nav class="steps" aria-label={t('tour.progress', { n, all: starts.length })}>
      {starts.map(({ chapter: number, step, of: { key } }) => (
        <button
          type="button"
          key={key}
          aria-disabled={disabled}
          class={number <= chapter ? 'on' : ''}
          aria-current={number === chapter ? 'step' : undefined}
          aria-label={`${number} · ${t.any(`${key}.title`)}`}
          title={t.any(`${key}.title`)}
          onClick={() => !disabled && go({ tour: { chapter: number, step } })}
        />
      ))}
    </nav>
  )
}

/** What is being done, and how far it is: of what takes long, one sees that it goes on. */
function Working() {
  const { t, state } = usePage()
  const busy = state.lanes.filter(({ busy }) => busy !== undefined)
  const nodes = state.lanes.flatMap((lane) => lane.nodes)
  const up = nodes.filter((node) => standOf(node) === 'up').length
  const waits = nodes.length > up ? [t('tour.servers', { n: up, all: nodes.length })] : []
  const words = [
    ...busy.map((lane) => `${t(`mode.${lane.id}`)}: ${lane.busy ? busyWords(lane.busy, t) : ''}`),
    ...waits,
  ]
  return (
    <p class="quiet" role="status" data-working>
      {words.join(' · ')}
    </p>
  )
}

function Guess({
  step,
  lane,
  guess,
  onGuess,
  disabled,
}: {
  step: Step
  lane: LaneId | undefined
  guess: string | undefined
  onGuess: (answer: string) => void
  disabled: boolean
}) {
  const { t } = usePage()
  return (
    <fieldset class="guess" disabled={disabled}>
      <legend>{t('tour.predict')}</legend>
      {answersOf(step, lane)?.map((answer) => (
        <label key={answer}>
          <input
            type="radio"
            name={step.key}
            value={answer}
            checked={guess === answer}
            onChange={() => onGuess(answer)}
          />
          {t.any(`${step.key}.${answer}`)}
        </label>
      ))}
    </fieldset>
  )
}

function Reveal({ step, lane, guess, user }: Shown & { guess: string | undefined }) {
  const { t, state } = usePage()
  const right = step.right?.(lane)
  const cookie = state.lanes.find(({ id }) => id === step.lane)?.cookieName ?? ''
  return (
    <div class="reveal" role="status">
      {step.answers && (
        <small data-right={guess === undefined ? undefined : guess === right}>
          {guess
            ? t(guess === right ? 'tour.right' : 'tour.wrong', { answer: t.any(`${step.key}.${guess}`) })
            : t('tour.unsaid')}{' '}
        </small>
      )}
      {step.shows && <Happened step={step} lane={lane} user={user} />}
      <p>{t.any(sayIn(`${step.key}.reveal`, lane, t.has), { user, cookie })}</p>
    </div>
  )
}

interface Shown {
  readonly step: Step
  /** The one lane that it is about; `undefined`: all. */
  readonly lane: LaneId | undefined
  readonly user: string
}

/** What really happened, from what the console saw and from nothing else. */
function Happened({ step, lane: only, user }: Shown) {
  const { t, stream } = usePage()
  // The newest, not what this part was drawn from last: that is from before the step.
  const state = stream.state.get()
  const trial = useStore(lastTrial)
  if (step.shows === 'codec')
    return trial ? (
      <p class="happened">
        {t('tour.happened')} <b>{t(`codec.${trial.verdict}`)}</b> <code>{trial.back ?? trial.reason}</code>
      </p>
    ) : null
  return (
    <p class="happened">
      {t(step.shows === 'share' ? 'tour.happened.share' : 'tour.happened')}{' '}
      {state.lanes
        .filter(({ id }) => only === undefined || id === only)
        .map((lane) => {
          const record = state.latest[`${lane.id}/${user}`]
          return (
            <span key={lane.id} data-happened={lane.id}>
              {t(`mode.${lane.id}`)}{' '}
              {step.shows === 'share' ? (
                <b>{lane.nodes.map(({ name }) => `${name} ${shareText(lane, name)}`).join(' · ')}</b>
              ) : null}
              {step.shows === 'ten' ? <Ten records={lastOf(state, lane.id, user)} /> : null}
              {step.shows === 'answering' ? <b>{answering(state, lane.id, user).join(', ')}</b> : null}
              {step.shows === 'outcomes' && record ? <OutcomePill outcome={record.outcome} /> : null}
            </span>
          )
        })}
    </p>
  )
}

/** The last requests as a count and as a row of marks. */
function Ten({ records }: { records: readonly RequestRecord[] }) {
  const { t } = usePage()
  const n = records.filter(({ outcome }) => outcome === 'found').length
  return (
    <b>
      {t('tour.tally', { n, all: records.length })}{' '}
      <span class="nobreak" aria-hidden="true">
        {records.map(({ outcome }) => signs[outcome]).join(' ')}
      </span>
    </b>
  )
}
