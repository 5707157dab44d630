import { signs } from '../../../wire/marks.ts'
import { usePage } from '../model/page.ts'
import { statusWords } from '../model/status.ts'
import { Target, unheard } from './figures.tsx'
import { type Box, type LaneBox, textWidth } from './layout.ts'
import type { LanePicture, VisitPicture } from './picture.ts'

/** What the chosen user's browser shows in this lane: the request as its address bar has it, and the answer. Leads to why. */
export function Browser({ box, picture, user }: { box: LaneBox; picture: LanePicture; user: string }) {
  const { t, go } = usePage()
  const { browser, kind } = box
  if (!browser || picture.visits.length === 0) return null
  const visits = kind === 'present' ? picture.visits.slice(-1) : picture.visits
  const gap = 8
  const height = kind === 'present' ? browser.h : (browser.h - gap) / 2
  const show = () => go({ user, lane: picture.id, drawer: 'why' })
  return (
    <g class="browser">
      <g {...unheard}>
        {visits.map((visit, at) => (
          <Visit
            key={at}
            visit={visit}
            box={{ x: browser.x, y: browser.y + at * (height + gap), w: browser.w, h: height }}
            size={box.sizes.answer}
            large={kind === 'present'}
          />
        ))}
      </g>
      <Target box={browser} label={t('browser.why', { user, lane: t(`mode.${picture.id}`) })} act={show} />
    </g>
  )
}

function Visit({
  visit,
  box: { x, y, w, h },
  size,
  large,
}: {
  visit: VisitPicture
  box: Box
  size: number
  large: boolean
}) {
  const { t } = usePage()
  const bar = large ? 34 : 26
  const { outcome } = visit
  const ok = visit.status >= 200 && visit.status < 300
  const said =
    visit.status === 0 ? t('browser.silence') : ok ? (visit.said ?? '') : `${visit.status} ${statusWords(visit.status)}`
  const sign = outcome === 'fresh' || outcome === 'none' ? '' : `${signs[outcome]} `
  const answer = fitted(`${sign}${said}`, size, w - 24)
  const did =
    visit.sets !== undefined ? `→ ${visit.sets}` : t.any(`did.${visit.did}`, { node: visit.node, holder: visit.holder })
  const didSize = large ? 20 : 14
  const room = w - 24 - textWidth(answer, size, true) - 14
  const urlSize = large ? 20 : 13.5
  const url = fitted(`${visit.method} ${visit.url}`, urlSize, w - 24)
  const middle = y + bar + (h - bar) / 2 + size * 0.35
  return (
    <g class={`visit o-${outcome}`} data-visit={visit.outcome}>
      <rect class="address" x={x} y={y} width={w} height={h} rx="9" />
      <path class="answer" d={`M${x} ${y + bar}h${w}v${h - bar - 9}q0 9 -9 9h${-w + 18}q-9 0 -9 -9z`} />
      <text class="mono mute" x={x + 12} y={y + bar / 2 + urlSize * 0.35} font-size={urlSize}>
        {url}
      </text>
      <text class="mono said" x={x + 12} y={middle} font-size={size}>
        {answer}
      </text>
      {textWidth(did, didSize) < room && (
        <text class="did" x={x + w - 12} y={middle} text-anchor="end" font-size={didSize}>
          {did}
        </text>
      )}
    </g>
  )
}

/** As much of a text as there is room for. */
function fitted(text: string, size: number, room: number): string {
  if (textWidth(text, size, true) <= room) return text
  const letters = [...text]
  while (letters.length > 1 && textWidth(`${letters.join('')}…`, size, true) > room) letters.pop()
  return `${letters.join('')}…`
}
