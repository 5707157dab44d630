import { calls } from './calls.ts'
import { redisSwitch } from './health.ts'
import type { KeyDeed } from './keys.ts'
import { tabs } from './link.ts'
import { chosenLane, chosenUser, type Page } from './page.ts'
import { currentTheme } from './theme.ts'
import type { TourKeys } from './tour.tsx'

interface Rest {
  readonly tour: TourKeys
  hold(): void
  onExport(): void
}

/** Every key of the page. The list that `?` opens is made from this, so neither can forget the other. */
export function keyDeeds(page: Page, { tour, hold, onExport }: Rest): readonly KeyDeed[] {
  const { state, place, go, open, attempt } = page
  const user = chosenUser(page)
  const act = (...args: Parameters<typeof calls.act> extends [string, ...infer R] ? R : never) => {
    page.pinRecord(undefined)
    if (user) attempt(calls.act(user, ...args))
  }
  const turn = <T>(list: readonly T[], now: T | undefined, by: number): T | undefined =>
    list[(Math.max(0, now === undefined ? 0 : list.indexOf(now)) + by + list.length) % list.length]
  const choose = (name: string | undefined) => {
    if (name) go({ user: name })
  }
  const names = state.users.map(({ name }) => name)
  const redis = state.lanes.find(({ redis }) => redis)?.redis
  return [
    { keys: ['?'], shown: '?', says: 'keys.help', act: () => open({ kind: 'keys' }) },
    { keys: [' '], shown: ' ', says: 'keys.pause', act: () => attempt(calls.clock({ running: !state.clock.running })) },
    { keys: ['.'], shown: '.', says: 'keys.step', act: () => attempt(calls.step()) },
    {
      keys: ['1', '2', '3', '4', '5', '6', '7', '8', '9'],
      shown: '1 … 9',
      says: 'keys.user',
      act: (key) => choose(names[Number(key) - 1]),
    },
    {
      keys: ['j', 'k'],
      shown: 'j k',
      says: 'keys.updown',
      act: (key) => choose(turn(names, user, key === 'j' ? 1 : -1)),
    },
    { keys: ['o'], shown: 'o', says: 'keys.open.user', act: () => act('open') },
    { keys: ['O'], shown: 'O', says: 'keys.open10', act: () => act('open', { times: 10 }) },
    { keys: ['i'], shown: 'i', says: 'keys.login', act: () => act('login') },
    { keys: ['w'], shown: 'w', says: 'keys.write', act: () => act('write') },
    { keys: ['x'], shown: 'x', says: 'keys.forget', act: () => act('forget') },
    {
      keys: ['l'],
      shown: 'l',
      says: 'keys.lane',
      act: () =>
        go({
          lane:
            turn(
              state.lanes.map(({ id }) => id),
              chosenLane(page)?.id,
              1,
            ) ?? place.lane,
        }),
    },
    { keys: ['v'], shown: 'v', says: 'keys.tab', act: () => go({ tab: turn(tabs, place.tab, 1) ?? 'why' }) },
    { keys: ['b'], shown: 'b', says: 'keys.crash', act: () => open({ kind: 'confirm', action: 'crash', node: 'b' }) },
    { keys: ['a'], shown: 'a', says: 'keys.add', act: () => open({ kind: 'confirm', action: 'add' }) },
    {
      keys: ['r'],
      shown: 'r',
      says: 'keys.redis',
      act: () =>
        redis &&
        open({
          kind: 'confirm',
          action: redisSwitch[redis.state],
          lane: 'clustered',
        }),
    },
    {
      keys: ['t'],
      shown: 't',
      says: 'keys.tour',
      act: () => go({ tour: place.tour ? undefined : { chapter: 1, step: 1 } }),
    },
    {
      keys: ['ArrowLeft', 'ArrowRight'],
      shown: '← →',
      says: 'keys.arrows',
      act: (key) => place.tour && (key === 'ArrowLeft' ? tour.back?.() : tour.on?.()),
    },
    { keys: ['h'], shown: 'h', says: 'keys.hold', act: hold },
    {
      keys: ['d'],
      shown: 'd',
      says: 'keys.theme',
      act: () => go({ theme: currentTheme(place) === 'dark' ? 'light' : 'dark' }),
    },
    { keys: ['g'], shown: 'g', says: 'keys.lang', act: () => go({ lang: place.lang === 'en' ? 'ko' : 'en' }) },
    { keys: ['p'], shown: 'p', says: 'keys.present', act: () => go({ present: !place.present }) },
    {
      keys: ['Escape'],
      shown: 'Esc',
      says: 'keys.close',
      act: () => go({ tour: undefined, present: false }),
    },
    { keys: ['e'], shown: 'e', says: 'keys.export', act: onExport },
  ]
}
