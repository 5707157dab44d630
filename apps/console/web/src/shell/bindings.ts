import { calls } from '../model/calls.ts'
import { drawers } from '../model/link.ts'
import { chosenLane, chosenUser, type Page } from '../model/page.ts'
import { currentTheme } from '../model/theme.ts'
import { doOffer } from './dock.tsx'
import type { KeyDeed } from './keys.ts'
import { drawerKeys } from './rail.tsx'

/** Every key of the page. The list that `?` opens is made from this, so neither can forget the other. */
export function bindings(page: Page): readonly KeyDeed[] {
  const { state, place, go, open, attempt, tour } = page
  const user = chosenUser(page)
  const act = (...args: Parameters<typeof calls.act> extends [string, ...infer R] ? R : never) => {
    page.pinRecord(undefined)
    if (user) attempt(calls.act(user, ...args))
  }
  const names = state.users.map(({ name }) => name)
  const lanes = state.lanes.map(({ id }) => id)
  const toggle = (name: (typeof drawers)[number]) => go({ drawer: place.drawer === name ? undefined : name })
  return [
    { keys: ['?'], shown: '?', says: 'keys.help', act: () => open({ kind: 'keys' }) },
    { keys: ['Enter'], shown: 'Enter', says: 'keys.primary', act: () => (tour.stop ? tour.on() : doOffer(page)) },
    { keys: [' '], shown: ' ', says: 'keys.pause', act: () => attempt(calls.clock({ running: !state.clock.running })) },
    { keys: ['.'], shown: '.', says: 'keys.step', act: () => attempt(calls.step()) },
    {
      keys: ['t'],
      shown: 'T',
      says: 'keys.tour',
      act: () => (tour.stop ? tour.leave() : tour.start()),
    },
    {
      keys: ['ArrowLeft', 'ArrowRight'],
      shown: '← →',
      says: 'keys.arrows',
      act: (key) => tour.stop && (key === 'ArrowLeft' ? tour.back() : tour.on()),
    },
    {
      keys: ['1', '2', '3', '4', '5', '6', '7', '8', '9'],
      shown: '1 … 9',
      says: 'keys.user',
      act: (key) => {
        const name = names[Number(key) - 1]
        if (name) go({ user: name })
      },
    },
    ...drawers.map(
      (name): KeyDeed => ({
        keys: [drawerKeys[name]],
        shown: drawerKeys[name].toUpperCase(),
        says: `drawer.${name}`,
        act: () => toggle(name),
      }),
    ),
    { keys: ['o'], shown: 'O', says: 'keys.open.user', act: () => act('open') },
    { keys: ['i'], shown: 'I', says: 'keys.login', act: () => act('login') },
    {
      keys: ['l'],
      shown: 'L',
      says: 'keys.lane',
      act: () => go({ lane: lanes[(lanes.indexOf(chosenLane(page)?.id ?? 'local') + 1) % lanes.length] ?? place.lane }),
    },
    { keys: ['b'], shown: 'B', says: 'keys.crash', act: () => open({ kind: 'confirm', action: 'crash', node: 'b' }) },
    { keys: ['a'], shown: 'A', says: 'keys.add', act: () => open({ kind: 'confirm', action: 'add' }) },
    { keys: ['h'], shown: 'H', says: 'keys.hold', act: page.hold },
    {
      keys: ['d'],
      shown: 'D',
      says: 'keys.theme',
      act: () => go({ theme: currentTheme(place) === 'dark' ? 'light' : 'dark' }),
    },
    { keys: ['g'], shown: 'G', says: 'keys.lang', act: () => go({ lang: place.lang === 'en' ? 'ko' : 'en' }) },
    { keys: ['p'], shown: 'P', says: 'keys.present', act: () => go({ present: !place.present }) },
    {
      keys: ['Escape'],
      shown: 'Esc',
      says: 'keys.close',
      act: () => {
        if (place.drawer && !tour.stop) return go({ drawer: undefined })
        go({ tour: undefined, present: false, drawer: undefined })
      },
    },
  ]
}
