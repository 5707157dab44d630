import { rates } from '../../../wire/rates.ts'
import { languages } from '../i18n/translate.ts'
import { calls } from '../model/calls.ts'
import { usePage } from '../model/page.ts'
import { currentTheme } from '../model/theme.ts'
import { CoinIcon } from '../stage/figures.tsx'

const legend = ['found', 'miss', 'lost', 'error'] as const

/** The bar at the top: whether the traffic goes, what the marks mean, and how the page is read. */
export function Bar() {
  const { t, place, go, open } = usePage()
  return (
    <header class="bar">
      <b class="brand">session-cluster</b>
      <Clock />
      <span class="grow" />
      <p class="legend wide">
        <span class="sr">{t('legend.title')}: </span>
        {legend.map((outcome) => (
          <span key={outcome}>
            <CoinIcon outcome={outcome} size={20} />
            {t(`legend.${outcome}`)}
          </span>
        ))}
      </p>
      <span class="grow" />
      <button type="button" class="wide" aria-pressed={place.present} onClick={() => go({ present: !place.present })}>
        {t('present.on')} <kbd>P</kbd>
      </button>
      {languages
        .filter((lang) => lang !== place.lang)
        .map((lang) => (
          <button type="button" key={lang} lang={lang} data-lang={lang} onClick={() => go({ lang })}>
            {lang === 'ko' ? '한국어' : 'English'}
          </button>
        ))}
      <button
        type="button"
        aria-label={t('theme.toggle')}
        onClick={() => go({ theme: currentTheme(place) === 'dark' ? 'light' : 'dark' })}
      >
        <span aria-hidden="true">◐</span>
      </button>
      <button type="button" class="wide" onClick={() => open({ kind: 'keys' })}>
        {t('keys.open')} <kbd>?</kbd>
      </button>
    </header>
  )
}

/** Whether the traffic goes, why it does not, and the one switch for it. */
function Clock() {
  const page = usePage()
  const { t, state, attempt, fleet } = page
  const { running, rate, pausedBy } = state.clock
  const elsewhere = pausedBy.some((one) => one !== state.page)
  const mine = pausedBy.some((one) => one === state.page)
  const words =
    state.connection !== 'live'
      ? t(`connection.${state.connection}`)
      : running
        ? t('clock.running', { n: rate })
        : mine
          ? t('clock.pausedByTour')
          : elsewhere
            ? t('clock.pausedElsewhere')
            : t('clock.paused')
  const oneOf = fleet.oneOf.value
  return (
    <div class="run" data-paused={elsewhere && !mine}>
      <span class={`live ${running && state.connection === 'live' ? '' : 'held'}`} role="status">
        <i aria-hidden="true" />
        {words}
      </span>
      <button
        type="button"
        data-clock={running ? 'pause' : 'live'}
        aria-pressed={running}
        onClick={() => attempt(calls.clock({ running: !running }))}
      >
        {t(running ? 'clock.pause' : 'clock.live')}
      </button>
      {running && oneOf > 1 && <span class="quiet wide">{t('clock.oneOf', { n: oneOf })}</span>}
      {state.skipped > 0 && (
        <span class="quiet wide" data-skipped={state.skipped}>
          {t('skipped', { n: state.skipped })}
        </span>
      )}
    </div>
  )
}

/** How often the users act, and one action at a time. */
export function Pace() {
  const { t, state, attempt } = usePage()
  const { running, rate } = state.clock
  return (
    <>
      <label class="field">
        {t('clock.rate')}
        <select
          data-rate
          value={String(rate)}
          onChange={(event) => attempt(calls.clock({ rate: Number(event.currentTarget.value) }))}
        >
          {[...new Set([...rates, rate])]
            .sort((a, b) => a - b)
            .map((n) => (
              <option key={n} value={String(n)}>
                {t('clock.rate.value', { n })}
              </option>
            ))}
        </select>
      </label>
      <button
        type="button"
        onClick={() => attempt(running ? calls.clock({ running: false }).then(() => calls.step()) : calls.step())}
      >
        {t('clock.step')}
      </button>
    </>
  )
}
