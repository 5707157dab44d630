import { CookieTab } from './cookie-tab.tsx'
import { tabs } from './link.ts'
import { chosenLane, chosenUser, usePage } from './page.ts'
import { RedisTab } from './redis-tab.tsx'
import { Segment } from './segment.tsx'
import { SessionTab } from './session-tab.tsx'
import { WhyTab } from './why-tab.tsx'

/** The right-hand panel: why the last request came out as it did, and a look at cookie, session and Redis. */
export function Inspector() {
  const page = usePage()
  const { t, place, state, go } = page
  const user = chosenUser(page)
  const lane = chosenLane(page)
  return (
    <aside class="panel inspector" aria-label={t('inspector.title')}>
      <div class="tabs" role="tablist" aria-label={t('inspector.title')}>
        {tabs.map((tab) => (
          <button
            type="button"
            key={tab}
            role="tab"
            id={`tab-${tab}`}
            aria-selected={place.tab === tab}
            aria-controls="tab-panel"
            tabIndex={place.tab === tab ? 0 : -1}
            onClick={() => go({ tab })}
            onKeyDown={(event) => {
              const turn = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0
              if (turn === 0) return
              event.preventDefault()
              event.stopPropagation()
              const next = tabs[(tabs.indexOf(tab) + turn + tabs.length) % tabs.length] as (typeof tabs)[number]
              go({ tab: next })
              document.getElementById(`tab-${next}`)?.focus()
            }}
          >
            {t(`tab.${tab}`)}
          </button>
        ))}
      </div>
      {state.lanes.length > 1 && (
        <Segment small label={t('inspector.lane')}>
          {state.lanes.map(({ id }) => (
            <button type="button" key={id} aria-pressed={lane?.id === id} onClick={() => go({ lane: id })}>
              {t(`mode.${id}`)}
            </button>
          ))}
        </Segment>
      )}
      <div role="tabpanel" id="tab-panel" aria-labelledby={`tab-${place.tab}`}>
        {!user || !lane ? (
          <p class="quiet">{t('inspector.nobody')}</p>
        ) : place.tab === 'why' ? (
          <WhyTab user={user} lane={lane} />
        ) : place.tab === 'cookie' ? (
          <CookieTab user={user} lane={lane} />
        ) : place.tab === 'session' ? (
          <SessionTab user={user} lane={lane} />
        ) : (
          <RedisTab user={user} lane={lane} />
        )}
      </div>
    </aside>
  )
}
