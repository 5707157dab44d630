import { type Look, outline } from './people.ts'

/** A user's token inside an SVG drawing. */
export function Token({
  look,
  x,
  y,
  r,
  faded = false,
}: {
  look: Look
  x: number
  y: number
  r: number
  faded?: boolean
}) {
  return (
    <g transform={`translate(${x} ${y})`} class={faded ? 'token faded' : 'token'}>
      <path d={outline(look.shape, r)} fill={look.fill} />
      <text y={r * 0.37} text-anchor="middle" style={{ font: `700 ${r}px var(--sans)`, fill: look.ink }}>
        {look.initial}
      </text>
    </g>
  )
}

/** A user's token on its own. */
export function Badge({ look, size = 24 }: { look: Look; size?: number }) {
  return (
    <svg width={size} height={size} viewBox="-13 -13 26 26" aria-hidden="true">
      <Token look={look} x={0} y={0} r={10.5} />
    </svg>
  )
}
