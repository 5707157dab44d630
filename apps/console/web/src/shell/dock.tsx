import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { isGone } from '../../../wire/consequence.ts'
import type { LaneView } from '../../../wire/frame.ts'
import { calls } from '../model/calls.ts'
import type { Offer } from '../model/headline.ts'
import { standOf } from '../model/health.ts'
import { busyWords, laneNote } from '../model/notes.ts'
import { type Page, usePage } from '../model/page.ts'

/** Below the picture: what belongs to each lane right under it, and the one action. Always of one height. */
export function Dock() {
  const { t, tour, place } = usePage()
  if (place.drawer && !tour.stop) return null
  return (
    <section class="dock" aria-label={t('dock.title')}>
      {tour.stop ? <TourDock /> : <FreeDock />}
    </section>
  )
}

/** Without a tour: a word on each lane, and what to try next. */
function FreeDock() {
  const page = usePage()
  const { t, state, tour } = page
  const { offers } = page.headline
  const [label, key] = offerWords(offers, page)
  const waits = offers.does === 'wait'
  return (
    <>
      <div class="under" data-lanes={state.lanes.length}>
        <span />
        {state.lanes.map((lane) => (
          <p key={lane.id} data-note={lane.id}>
            {laneNote(lane, t)}
          </p>
        ))}
      </div>
      <div class="act">
        <p class="aside">{offers.does === 'crash' ? t('offer.crash.hint') : ''}</p>
        <button
          type="button"
          class="primary"
          data-offer={offers.does}
          aria-disabled={waits}
          onClick={() => !waits && doOffer(page)}
        >
          {label}
          {key && <kbd>{key}</kbd>}
        </button>
        <p class="aside end">
          {offers.does !== 'tour' && (
            <button type="button" class="invite" onClick={tour.start}>
              {t('tour.open')} <kbd>T</kbd>
            </button>
          )}
        </p>
      </div>
    </>
  )
}

function offerWords(offer: Offer, { t }: Page): readonly [string, string | undefined] {
  switch (offer.does) {
    case 'crash':
      return [t('offer.crash', { node: offer.node }), offer.node === 'b' ? 'B' : 'Enter']
    case 'restart':
      return [t('offer.restart', { node: offer.node }), 'Enter']
    case 'redis':
      return [t('offer.redis'), 'Enter']
    case 'wait':
      return [t('offer.wait'), undefined]
    default:
      return [t(`offer.${offer.does}`), 'Enter']
  }
}

/** Does what the page offers now. */
export function doOffer(page: Page): void {
  const { state, attempt, open } = page
  const { offers } = page.headline
  if (offers.does === 'crash' || offers.does === 'restart')
    open({ kind: 'confirm', action: offers.does, node: offers.node })
  else if (offers.does === 'redis') attempt(calls.lane(offers.lane, offers.action))
  else if (offers.does === 'login' || offers.does === 'open') attempt(calls.act('all', offers.does))
  else if (offers.does === 'start') attempt(startAll(state.lanes))
  else if (offers.does === 'again') page.source.again()
  else if (offers.does === 'tour') page.tour.start()
}

const startAll = (lanes: readonly LaneView[]) =>
  Promise.all(lanes.flatMap(({ id, nodes }) => nodes.filter(isGone).map(({ name }) => calls.node(id, name, 'restart'))))

/** The tour's guesses, whether they were right, and its buttons. */
function TourDock() {
  const page = usePage()
  const { t, tour, state } = page
  const { stop, phase, questions } = tour
  if (!stop) return null
  const working = phase === 'working'
  const last = tour.stops.at(-1)?.what.key === stop.what.key
  const blocked = phase === 'asked' && !tour.ready
  const first = tour.stops[0]?.what.key === stop.what.key
  return (
    <>
      <div class="under" data-lanes={state.lanes.length}>
        <span class="asks">
          {questions.length > 0 ? t(phase === 'revealed' ? 'tour.guessed' : 'tour.predict') : ''}
        </span>
        {questions[0] === 'all' ? (
          <Question question="all" wide />
        ) : (
          state.lanes.map((lane) =>
            questions.includes(lane.id) ? (
              <Question key={lane.id} question={lane.id} />
            ) : (
              <p key={lane.id} data-note={lane.id}>
                {phase === 'revealed' && questions.length === 0 ? laneNote(lane, t) : ''}
              </p>
            ),
          )
        )}
      </div>
      <div class="act">
        <div class="aside">
          <Progress />
          {working && <Working />}
        </div>
        <button
          type="button"
          class="primary"
          aria-disabled={working || blocked}
          data-blocked={blocked}
          onClick={tour.on}
        >
          {working
            ? t('tour.working')
            : phase === 'revealed'
              ? t(last ? 'tour.end' : 'tour.next')
              : t.any(`${stop.what.key}.do`)}
          <kbd>{phase === 'revealed' ? '→' : 'Enter'}</kbd>
        </button>
        <p class="aside end">
          {blocked && (
            <button type="button" data-skip onClick={tour.skip}>
              {t('tour.skip')}
            </button>
          )}
          <button type="button" data-back aria-disabled={working} disabled={first} onClick={tour.back}>
            <span aria-hidden="true">← </span>
            {t('tour.back')}
          </button>
          <button type="button" data-leave onClick={tour.leave}>
            {t('tour.close')}
          </button>
        </p>
      </div>
    </>
  )
}

/** One guess, under the lane that it is about; and afterwards whether it was right. */
function Question({ question, wide = false }: { question: string; wide?: boolean }) {
  const { t, tour } = usePage()
  const { stop, phase } = tour
  const guess = tour.guess(question)
  if (!stop) return null
  const right = tour.right(question)
  const word = (answer: string) => t.any(`${stop.what.key}.${answer}`, { user: tour.subject })
  const lane = question === 'all' ? t('tour.everywhere') : t.any(`mode.${question}`)
  if (phase === 'revealed') {
    const ok = guess === right
    return (
      <p
        class={wide ? 'result wide-question' : 'result'}
        data-question={question}
        data-right={guess === undefined ? undefined : ok}
      >
        {guess !== undefined && <b class={ok ? 'right' : 'wrong'}>{t(ok ? 'tour.right' : 'tour.wrong')}</b>}
        <span>
          {guess === undefined
            ? t('tour.was', { answer: word(right ?? '') })
            : ok
              ? t('tour.said', { answer: word(guess) })
              : t('tour.said.was', { answer: word(guess), right: word(right ?? '') })}
        </span>
      </p>
    )
  }
  return (
    <fieldset
      class={wide ? 'guess wide-question' : 'guess'}
      data-question={question}
      disabled={phase === 'working'}
      aria-label={`${lane}: ${t('tour.predict')}`}
    >
      {stop.what.answers?.map((answer) => (
        <label key={answer} class={guess === answer ? 'chosen' : ''}>
          <input
            type="radio"
            name={`${stop.what.key} ${question}`}
            value={answer}
            checked={guess === answer}
            onChange={() => tour.setGuess(question, answer)}
          />
          {word(answer)}
        </label>
      ))}
    </fieldset>
  )
}

/** The chapters that there are, the one that is open among them. */
function Progress() {
  const { t, tour } = usePage()
  const { stops, stop, phase } = tour
  const starts = stops.filter((one, at) => stops[at - 1]?.chapter !== one.chapter)
  const n = starts.findIndex(({ chapter }) => chapter === stop?.chapter) + 1
  return (
    <nav class="steps" aria-label={t('tour.progress', { n, all: starts.length })}>
      {starts.map((one) => (
        <button
          type="button"
          key={one.of.key}
          aria-disabled={phase === 'working'}
          class={one.chapter <= (stop?.chapter ?? 0) ? 'on' : ''}
          aria-current={one.chapter === stop?.chapter ? 'step' : undefined}
          aria-label={`${one.chapter} · ${t.any(`${one.of.key}.title`)}`}
          onClick={() => phase !== 'working' && tour.to(one)}
        />
      ))}
    </nav>
  )
}

/** What is being done, how far it is, and for how long: of what takes long, one sees that it goes on. */
function Working() {
  const { t, state, tour } = usePage()
  const seconds = useSignal(0)
  useEffect(() => {
    const timer = setInterval(() => {
      seconds.value = Math.floor((Date.now() - (tour.since ?? Date.now())) / 1000)
    }, 500)
    return () => clearInterval(timer)
  }, [])
  const nodes = state.lanes.flatMap((lane) => lane.nodes)
  const up = nodes.filter((node) => standOf(node) === 'up').length
  const busy = state.lanes.find((lane) => lane.busy)
  const words = busy?.busy
    ? `${t(`mode.${busy.id}`)}: ${busyWords(busy.busy, t)}`
    : nodes.length > up
      ? t('tour.servers', { n: up, all: nodes.length })
      : ''
  return (
    <span class="quiet" role="status" data-working>
      {words} {t('tour.seconds', { n: seconds.value })}
    </span>
  )
}
