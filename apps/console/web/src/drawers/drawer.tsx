import { useEffect, useRef } from 'preact/hooks'
import type { Drawer as Name } from '../model/link.ts'
import { chosenLane, chosenUser, usePage } from '../model/page.ts'
import { Badge } from '../stage/figures.tsx'
import { CookieDrawer } from './cookie.tsx'
import { EventsDrawer } from './events.tsx'
import { RedisDrawer } from './redis.tsx'
import { ServersDrawer } from './servers.tsx'
import { SessionDrawer } from './session.tsx'
import { WhatIfDrawer } from './what-if.tsx'
import { WhyDrawer } from './why.tsx'

/** Those that show one user's side of things. */
const personal: ReadonlySet<Name> = new Set(['what-if', 'why', 'cookie', 'session', 'redis'])

/** What is open under the picture: one at a time, the full width. Escape closes it. */
export function Drawer({ name }: { name: Name }) {
  const page = usePage()
  const { t, go, tour } = page
  const user = chosenUser(page)
  const frame = useRef<HTMLElement>(null)
  useEffect(() => {
    frame.current?.querySelector('.drawer-body')?.scrollTo({ top: 0 })
  }, [name])
  return (
    <section class={`drawer drawer-${name}`} aria-labelledby="drawer-title" data-open={name} ref={frame}>
      <header class="drawer-head">
        <h2 id="drawer-title">{t(`drawer.${name}.title`)}</h2>
        {personal.has(name) && <Who />}
        <span class="grow" />
        {!tour.stop && (
          <button type="button" data-close onClick={() => go({ drawer: undefined })}>
            {t('do.close')} <kbd>Esc</kbd>
          </button>
        )}
      </header>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      {/* biome-ignore lint/a11y/useSemanticElements: what scrolls is no fieldset */}
      <div class="drawer-body" role="group" tabIndex={0} aria-label={t(`drawer.${name}.title`)}>
        <Body name={name} user={user} />
      </div>
    </section>
  )
}

function Body({ name, user }: { name: Name; user: string | undefined }) {
  const page = usePage()
  const { t, state } = page
  if (name === 'events') return <EventsDrawer />
  if (name === 'servers') return <ServersDrawer />
  if (user === undefined) return <p class="quiet">{t('inspector.nobody')}</p>
  if (name === 'what-if') return <WhatIfDrawer user={user} />
  if (name === 'redis') {
    const lane = state.lanes.find(({ redis }) => redis) ?? chosenLane(page)
    return lane ? <RedisDrawer user={user} lane={lane} /> : null
  }
  const Side = name === 'why' ? WhyDrawer : name === 'cookie' ? CookieDrawer : SessionDrawer
  return (
    <div class="sides" data-lanes={state.lanes.length}>
      {state.lanes.map((lane) => (
        <section key={lane.id} class="side" data-side={lane.id} aria-label={t(`mode.${lane.id}`)}>
          <h3>{t(`mode.${lane.id}`)}</h3>
          {lane.state === 'ready' ? (
            <Side user={user} lane={lane} />
          ) : (
            <p class="quiet">{lane.error ?? t('lane.starting')}</p>
          )}
        </section>
      ))}
    </div>
  )
}

/** Whose side of things is shown. */
function Who() {
  const page = usePage()
  const { t, state, go } = page
  const chosen = chosenUser(page)
  return (
    <fieldset class="who" aria-label={t('users.title')}>
      {state.users.map(({ name, active }, index) => (
        <button
          type="button"
          key={name}
          data-user={name}
          aria-pressed={name === chosen}
          aria-label={active ? name : `${name}, ${t('users.idle')}`}
          class={active ? '' : 'idle'}
          onClick={() => go({ user: name })}
        >
          <Badge index={index} name={name} />
        </button>
      ))}
      <b>{chosen}</b>
    </fieldset>
  )
}
