import { effect, type ReadonlySignal, type Signal, signal } from '@preact/signals'
import { translator } from '../i18n/translate.ts'
import { isStep, type Place, readPlace, revisited, writePlace } from './link.ts'
import { currentTheme } from './theme.ts'

/** Marks the entries of the browser's history that the page wrote: any other one is a link, or an address typed by hand. */
const ours = 'session-cluster'

/**
 * The place in the address. The address always says where the page is. Each step of the tour is an entry of the browser's history, its
 * opening and its end too; everything else rewrites the entry it happens in.
 */
export function addressed(preferred: Place['lang'], onArrive: () => void): Signal<Place> {
  const place = signal(readPlace(location.hash, preferred))
  addEventListener('popstate', ({ state }) => {
    written = location.hash
    const there = readPlace(location.hash, preferred)
    place.value = state === ours ? revisited(there, place.peek()) : there
    onArrive()
  })
  return place
}

/** The address as the page last read or wrote it. */
let written = location.hash

/**
 * Keeps the address, the document's language, theme and title as the place has them. `shown` is the place with a lane that is there, or
 * `undefined` until the lanes are known: until then nobody can say which of them is looked at.
 */
export function keepAddress(shown: ReadonlySignal<Place | undefined>, wanted: ReadonlySignal<Place>): void {
  const dark = matchMedia('(prefers-color-scheme: dark)')
  const dress = () => {
    const { lang } = wanted.value
    document.documentElement.lang = lang
    document.documentElement.dataset.theme = currentTheme(wanted.value)
    document.title = translator(lang)('page.title')
  }
  effect(dress)
  dark.addEventListener('change', dress)
  effect(() => {
    const place = shown.value
    // Somebody has just gone elsewhere: the event of that address is still on its way.
    if (place === undefined || location.hash !== written) return
    const address = writePlace(place)
    if (isStep(readPlace(written, place.lang), place)) history.pushState(ours, '', address)
    else if (address !== location.hash || history.state !== ours) history.replaceState(ours, '', address)
    written = location.hash
  })
}
