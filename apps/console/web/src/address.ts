import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import type { LaneId } from '../../wire/record.ts'
import { preferredLanguage, translator } from './i18n/translate.ts'
import { isStep, type Place, readPlace, revisited, settled, writePlace } from './link.ts'
import { currentTheme } from './theme.ts'

/** Marks the entries of the browser's history that the page wrote: any other one is a link, or an address typed by hand. */
const ours = 'session-cluster'

/**
 * The place in the address, and how to go elsewhere. The address always says where the page is. Each step of the tour is an entry of the
 * browser's history, its opening and its end too; everything else rewrites the entry it happens in.
 *
 * @param onArrive hears that the address led elsewhere: a link, back or forward
 */
export function useAddress(lanes: readonly LaneId[], onArrive: () => void): [Place, (change: Partial<Place>) => void] {
  const preferred = preferredLanguage(navigator.languages)
  const [wanted, setPlace] = useState(() => readPlace(location.hash, preferred))
  const known = lanes.join()
  const place = useMemo(() => settled(wanted, lanes), [wanted, known])
  const current = useRef(place)
  current.current = place
  /** The address as the page last read or wrote it. */
  const written = useRef(location.hash)
  const arrive = useRef(onArrive)
  arrive.current = onArrive
  useEffect(() => {
    const onPop = ({ state }: PopStateEvent) => {
      written.current = location.hash
      const there = readPlace(location.hash, preferred)
      current.current = state === ours ? revisited(there, current.current) : there
      setPlace(current.current)
      arrive.current()
    }
    addEventListener('popstate', onPop)
    return () => removeEventListener('popstate', onPop)
  }, [preferred])
  useEffect(() => {
    // Not before the lanes are known: until then nobody can say which of them is looked at. And not when somebody has just gone
    // elsewhere: that place is about to be drawn, or the event of its address is still on its way.
    if (known !== '' && place === current.current && location.hash === written.current) {
      const address = writePlace(place)
      if (isStep(readPlace(written.current, preferred), place)) history.pushState(ours, '', address)
      else if (address !== location.hash || history.state !== ours) history.replaceState(ours, '', address)
      written.current = location.hash
    }
    document.documentElement.lang = place.lang
    document.documentElement.dataset.theme = currentTheme(place)
    document.title = translator(place.lang)('page.title')
  }, [place, known])
  useEffect(() => {
    const query = matchMedia('(prefers-color-scheme: dark)')
    const onChange = () => {
      document.documentElement.dataset.theme = currentTheme(current.current)
    }
    query.addEventListener('change', onChange)
    return () => query.removeEventListener('change', onChange)
  }, [])
  // Reads the newest place, so that two changes in one moment both count.
  const go = (change: Partial<Place>) => {
    current.current = { ...current.current, ...change }
    setPlace(current.current)
  }
  return [place, go]
}
