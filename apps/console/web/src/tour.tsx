import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'
import type { RequestRecord } from '../../wire/record.ts'
import { calls } from './calls.ts'
import { lastTrial } from './codec-card.tsx'
import { sharePercent } from './diagram.tsx'
import type { Key } from './i18n/en.ts'
import { OutcomePill, signs } from './mark.tsx'
import { usePage } from './page.ts'
import { useStandStill } from './stand-still.ts'
import { useStore } from './store.ts'
import type { Stream } from './stream.ts'
import { answering, type Guide, lastOf, setStage } from './tour-moves.ts'
import { type Chapter, chapters, type Step } from './tour-script.ts'

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
  const asked = place.tour ?? { chapter: 1, step: 1 }
  const chapter = chapters[asked.chapter - 1] as Chapter
  const here = { chapter: asked.chapter, step: Math.min(asked.step, chapter.steps.length) }
  const step = chapter.steps[here.step - 1] as Step
  const { phase, run, guess, setGuess, subject } = useStep(chapter, step)
  const present = chapter.needs === undefined || page.state.lanes.some(({ id }) => id === chapter.needs)
  const next = () => {
    if (here.step < chapter.steps.length) return go({ tour: { chapter: here.chapter, step: here.step + 1 } })
    go({ tour: here.chapter < chapters.length ? { chapter: here.chapter + 1, step: 1 } : undefined })
  }
  const back = () => {
    if (here.step > 1) return go({ tour: { chapter: here.chapter, step: here.step - 1 } })
    const before = chapters[here.chapter - 2]
    if (before) go({ tour: { chapter: here.chapter - 1, step: before.steps.length } })
  }
  const last = here.chapter === chapters.length && here.step === chapter.steps.length
  const on = phase === 'revealed' || !present ? next : run
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
      <Progress chapter={here.chapter} disabled={working} />
      <div class="grow">
        <p class="say" aria-live="polite">
          <b>
            {here.chapter} · {t.any(`${chapter.key}.title`)}
          </b>
          {present
            ? t.any(step.key, { user: subject })
            : t('tour.missing', { lane: t(`mode.${chapter.needs ?? 'local'}`) })}
        </p>
        {present && step.answers && phase !== 'revealed' && (
          <Guess step={step} guess={guess} onGuess={setGuess} disabled={working} />
        )}
        {phase === 'revealed' && <Reveal step={step} guess={guess} user={subject} />}
      </div>
      <div class="row">
        <button
          type="button"
          onClick={working ? undefined : back}
          aria-disabled={working}
          disabled={here.chapter === 1 && here.step === 1}
        >
          <span aria-hidden="true">← </span>
          {t('tour.back')}
        </button>
        <button type="button" class="primary" aria-disabled={working} onClick={working ? undefined : on}>
          {t(buttonWord(phase, step, last, present))}
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

function buttonWord(phase: Phase, step: Step, last: boolean, present: boolean): Key {
  if (phase === 'working') return 'tour.working'
  if (phase === 'revealed' || !present) return last ? 'tour.end' : 'tour.next'
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

function Progress({ chapter, disabled }: { chapter: number; disabled: boolean }) {
  const { t, go } = usePage()
  return (
    <nav class="steps" aria-label={t('tour.progress', { n: chapter, all: chapters.length })}>
      {chapters.map(({ key }, index) => (
        <button
          type="button"
          key={key}
          aria-disabled={disabled}
          class={index < chapter ? 'on' : ''}
          aria-current={index + 1 === chapter ? 'step' : undefined}
          aria-label={`${index + 1} · ${t.any(`${key}.title`)}`}
          title={t.any(`${key}.title`)}
          onClick={() => !disabled && go({ tour: { chapter: index + 1, step: 1 } })}
        />
      ))}
    </nav>
  )
}

function Guess({
  step,
  guess,
  onGuess,
  disabled,
}: {
  step: Step
  guess: string | undefined
  onGuess: (answer: string) => void
  disabled: boolean
}) {
  const { t } = usePage()
  return (
    <fieldset class="guess" disabled={disabled}>
      <legend>{t('tour.predict')}</legend>
      {step.answers?.map((answer) => (
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

function Reveal({ step, guess, user }: { step: Step; guess: string | undefined; user: string }) {
  const { t } = usePage()
  return (
    <div class="reveal" role="status">
      {step.answers && (
        <small>{guess ? t('tour.said', { answer: t.any(`${step.key}.${guess}`) }) : t('tour.unsaid')} </small>
      )}
      {step.shows && <Happened step={step} user={user} />}
      <p>{t.any(`${step.key}.reveal`, { user })}</p>
    </div>
  )
}

/** What really happened, from what the console saw and from nothing else. */
function Happened({ step, user }: { step: Step; user: string }) {
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
      {t('tour.happened')}{' '}
      {state.lanes.map((lane) => {
        const record = state.latest[`${lane.id}/${user}`]
        return (
          <span key={lane.id} data-happened={lane.id}>
            {t(`mode.${lane.id}`)}{' '}
            {step.shows === 'share' ? (
              <b>{lane.nodes.map(({ name }) => `${name} ${sharePercent(lane, name)} %`).join(' · ')}</b>
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
