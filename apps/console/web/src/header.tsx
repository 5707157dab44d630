import { rates } from '../../wire/rates.ts'
import { calls } from './calls.ts'
import { languages } from './i18n/translate.ts'
import { usePage } from './page.ts'
import { Segment } from './segment.tsx'
import { currentTheme } from './theme.ts'

/** The bar at the top: the traffic's clock, the lanes, language, theme, and what can be opened. */
export function Header({ onExport }: { onExport: () => void }) {
  const { t, state } = usePage()
  return (
    <header class="top">
      <h1>
        session-cluster <span>· {t(state.lanes.length === 1 ? 'page.tagline.one' : 'page.tagline')}</span>
      </h1>
      <div class="run">
        <Clock />
        <LaneSwitches />
      </div>
      <div class="aids">
        <Aids onExport={onExport} />
      </div>
    </header>
  )
}

/** How the page is read, and what can be opened. */
function Aids({ onExport }: { onExport: () => void }) {
  const { t, place, go, open } = usePage()
  return (
    <>
      <Segment label={t('lang.label')}>
        {languages.map((lang) => (
          <button type="button" key={lang} lang={lang} aria-pressed={place.lang === lang} onClick={() => go({ lang })}>
            {lang}
          </button>
        ))}
      </Segment>
      <button
        type="button"
        class="icon"
        aria-label={t('theme.toggle')}
        title={t('theme.toggle')}
        onClick={() => go({ theme: currentTheme(place) === 'dark' ? 'light' : 'dark' })}
      >
        <span aria-hidden="true">◐</span>
      </button>
      <button
        type="button"
        class="invite"
        aria-pressed={place.tour !== undefined}
        onClick={() => go({ tour: place.tour ? undefined : { chapter: 1, step: 1 } })}
      >
        {t('tour.open')}
      </button>
      <button type="button" aria-pressed={place.present} onClick={() => go({ present: !place.present })}>
        {t(place.present ? 'present.off' : 'present.on')}
      </button>
      <button type="button" onClick={() => open({ kind: 'keys' })}>
        <span aria-hidden="true">? </span>
        {t('keys.open')}
      </button>
      <button type="button" onClick={onExport}>
        {t('export.run')}
      </button>
    </>
  )
}

function Clock() {
  const { t, state, attempt } = usePage()
  const { running, rate } = state.clock
  return (
    <>
      <Segment label={t('clock.label')}>
        <button type="button" aria-pressed={running} onClick={() => attempt(calls.clock({ running: true }))}>
          <span aria-hidden="true">▶ </span>
          {t('clock.live')}
        </button>
        <button type="button" aria-pressed={!running} onClick={() => attempt(calls.clock({ running: false }))}>
          <span aria-hidden="true">❚❚ </span>
          {t('clock.pause')}
        </button>
        <button
          type="button"
          onClick={() => attempt(running ? calls.clock({ running: false }).then(() => calls.step()) : calls.step())}
        >
          <span aria-hidden="true">⇥ </span>
          {t('clock.step')}
        </button>
      </Segment>
      <select
        aria-label={t('clock.rate')}
        title={t('clock.rate.hint')}
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
    </>
  )
}

function LaneSwitches() {
  const { t, state, attempt } = usePage()
  if (state.lanes.length < 2) return null
  return (
    <Segment label={t('lanes.label')}>
      {state.lanes.map(({ id, on, state: standing }) => (
        <button
          type="button"
          key={id}
          aria-pressed={on}
          aria-label={t('lane.on', { lane: t(`mode.${id}`) })}
          disabled={standing !== 'ready'}
          onClick={() => attempt(calls.power(id, !on))}
        >
          <span class={on ? '' : 'blank'} aria-hidden="true">
            ✓{' '}
          </span>
          {t(`mode.${id}`)}
        </button>
      ))}
    </Segment>
  )
}
