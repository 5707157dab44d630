import { clockTime } from '../drawers/events.tsx'
import { type Drawer, drawers } from '../model/link.ts'
import { usePage } from '../model/page.ts'

/** The key that opens each drawer. */
export const drawerKeys = {
  'what-if': 'x',
  why: 'w',
  cookie: 'c',
  session: 's',
  redis: 'r',
  events: 'e',
  servers: 'v',
} as const satisfies Readonly<Record<Drawer, string>>

/** What can be opened, and what happened last. */
export function Rail() {
  const { t, place, go, state } = usePage()
  const offered = drawers.filter((name) => name !== 'redis' || state.lanes.some(({ redis }) => redis))
  const last = state.log.findLast((entry) => entry.kind === 'notice' && !entry.key.startsWith('upstream'))
  return (
    <nav class="rail" aria-label={t('rail.title')}>
      {offered.map((name) => (
        <button
          type="button"
          key={name}
          data-drawer={name}
          aria-expanded={place.drawer === name}
          onClick={() => go({ drawer: place.drawer === name ? undefined : name })}
        >
          {t(`drawer.${name}`)} <kbd>{drawerKeys[name].toUpperCase()}</kbd>
        </button>
      ))}
      <span class="grow" />
      {last?.kind === 'notice' && (
        <span class="last wide">
          {clockTime(last.at)} {t(`mode.${last.lane}`)}: {t.any(`notice.${last.key}`, last.values)}
        </span>
      )}
    </nav>
  )
}
