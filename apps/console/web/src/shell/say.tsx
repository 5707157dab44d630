import { useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { usePage } from '../model/page.ts'
import { textWidth } from '../stage/layout.ts'

/** The one sentence above the picture: the tour's, or what is going on. It always has the same room. */
export function Say() {
  const page = usePage()
  const { t, tour, place } = page
  const { stop } = tour
  const frame = useRef<HTMLElement>(null)
  const width = useSignal(1200)
  useEffect(() => {
    const element = frame.current
    if (!element) return
    const observer = new ResizeObserver(() => {
      width.value = element.offsetWidth
    })
    observer.observe(element)
    return () => observer.disconnect()
  }, [])
  const { says, values } = page.headline
  const sentence = stop ? tour.sentence : t.any(says, values)
  const chapters = [...new Set(tour.stops.map(({ chapter }) => chapter))]
  const size = sizeFor(plain(sentence), width.value, place.present, place.drawer !== undefined)
  return (
    <section
      class="say"
      aria-label={t('say.title')}
      ref={frame}
      {...(stop && { 'data-step': `${stop.chapter}.${stop.step}`, 'data-phase': tour.phase })}
      data-says={stop ? undefined : says}
    >
      <p class="eyebrow">
        {stop ? (
          <>
            {t('tour.progress', { n: chapters.indexOf(stop.chapter) + 1, all: chapters.length })} ·{' '}
            {t.any(`${stop.of.key}.title`)}
          </>
        ) : (
          ' '
        )}
      </p>
      <div role="status">
        <h1 style={{ fontSize: `${size}px` }}>{marked(sentence)}</h1>
      </div>
    </section>
  )
}

/** As large as one line allows, or two lines, or three of small letters. */
function sizeFor(text: string, width: number, present: boolean, drawn: boolean): number {
  const [largest, smallest] = width < 700 ? [19, 15] : drawn ? [26, 17] : present ? [36, 22] : [34, 18]
  const room = width - 48
  const needs = textWidth(text, 1) * 0.9
  if (needs * largest <= room) return largest
  const lines = width < 700 ? 3 : 2
  const height = width < 700 ? 62 : drawn ? 46 : present ? 64 : 54
  const byWidth = (room * lines * 0.93) / needs
  return Math.max(smallest, Math.min(largest, byWidth, height / lines / 1.2))
}

/** A sentence without its marks. */
const plain = (sentence: string): string => sentence.replaceAll(/<\/?[lf]>/g, '')

/** What is lost in the sentence, and what was found, stands out. */
function marked(sentence: string) {
  return sentence.split(/(<[lf]>.*?<\/[lf]>)/).map((part, at) => {
    const [, kind, text] = /^<([lf])>(.*)<\/[lf]>$/.exec(part) ?? []
    return kind ? (
      <em key={at} class={kind === 'l' ? 'lost-ink' : 'found-ink'}>
        {text}
      </em>
    ) : (
      part
    )
  })
}
