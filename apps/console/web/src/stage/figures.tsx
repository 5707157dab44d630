import type { Outcome } from '@session-cluster/contract'
import { lookOf, outline } from '../model/people.ts'

/** For what is drawn and says nothing: its words are those of what lies over it. */
export const unheard = { 'aria-hidden': true } as const

/** The shape under an outcome's sign, so that it can be told without its colour. */
const grounds: Readonly<Record<Outcome, (r: number) => string>> = {
  found: (r) => outline('circle', r),
  fresh: (r) => outline('circle', r),
  none: (r) => outline('circle', r),
  miss: (r) => outline('diamond', r * 1.02),
  unreadable: (r) => outline('diamond', r * 1.02),
  lost: (r) => outline('square', r * 1.1),
  error: (r) => `M0 ${-r * 1.15}L${r * 1.2} ${r * 0.95}H${-r * 1.2}Z`,
}

/** The signs, drawn: letters differ from machine to machine. */
const strokes: Readonly<Record<Outcome, (r: number) => string>> = {
  found: (r) => `M${-r * 0.48} ${r * 0.05}l${r * 0.34} ${r * 0.36}l${r * 0.62} ${-r * 0.78}`,
  fresh: (r) => `M${-r * 0.45} 0H${r * 0.45}M0 ${-r * 0.45}V${r * 0.45}`,
  none: () => '',
  miss: (r) => `M${-r * 0.5} 0H${r * 0.5}`,
  unreadable: (r) =>
    `M${-r * 0.3} ${-r * 0.25}q0 ${-r * 0.35} ${r * 0.3} ${-r * 0.35}t${r * 0.3} ${r * 0.35}q0 ${r * 0.2} ${-r * 0.3} ${r * 0.4}v${r * 0.1}m0 ${r * 0.28}v0.1`,
  lost: (r) => `M${-r * 0.42} ${-r * 0.42}l${r * 0.84} ${r * 0.84}m0 ${-r * 0.84}l${-r * 0.84} ${r * 0.84}`,
  error: (r) => `M0 ${-r * 0.5}v${r * 0.75}m0 ${r * 0.4}v0.1`,
}

/** An outcome as a coin. */
export function Coin({ outcome, x, y, r }: { outcome: Outcome; x: number; y: number; r: number }) {
  const hollow = outcome === 'fresh' || outcome === 'none'
  return (
    <g transform={`translate(${x} ${y})`} class={`coin o-${outcome} ${hollow ? 'hollow' : ''}`}>
      <path class="ground" d={grounds[outcome](r)} stroke-width={r * 0.2} />
      <path class="sign" d={strokes[outcome](r)} stroke-width={r * 0.28} />
    </g>
  )
}

/** An outcome's coin outside of a drawing. */
export function CoinIcon({ outcome, size = 22 }: { outcome: Outcome; size?: number }) {
  return (
    <svg class="coin-icon" width={size} height={size} viewBox="-13 -13 26 26" aria-hidden="true">
      <Coin outcome={outcome} x={0} y={0} r={9.5} />
    </svg>
  )
}

/** A user's head: a shape in the user's hue, with the initial. */
export function Token({ index, name, x, y, r }: { index: number; name: string; x: number; y: number; r: number }) {
  const look = lookOf(index, name)
  return (
    <g transform={`translate(${x} ${y})`} class={`token h${look.hue}`}>
      <path d={outline(look.shape, r)} />
      <text y={r * 0.4} text-anchor="middle" font-size={r * 1.15}>
        {look.initial}
      </text>
    </g>
  )
}

/** A user's head on its own. */
export function Badge({ index, name, size = 26 }: { index: number; name: string; size?: number }) {
  return (
    <svg width={size} height={size} viewBox="-13 -13 26 26" aria-hidden="true">
      <Token index={index} name={name} x={0} y={0} r={10} />
    </svg>
  )
}

/** A session: a basket with its owner's initial. `broken`: it went with its server. */
export function Basket({
  index,
  name,
  x,
  y,
  size,
  broken = false,
  turn = 0,
}: {
  index: number
  name: string
  x: number
  y: number
  size: number
  broken?: boolean
  turn?: number
}) {
  const look = lookOf(index, name)
  const w = size / 2
  return (
    <g
      class={`basket h${look.hue} ${broken ? 'broken' : ''}`}
      data-basket={name}
      transform={`translate(${x} ${y}) rotate(${turn})`}
    >
      <path
        class="handle"
        d={`M${-w * 0.55} ${-size * 0.16}C${-w * 0.5} ${-size * 0.62} ${w * 0.5} ${-size * 0.62} ${w * 0.55} ${-size * 0.16}`}
        stroke-width={size * 0.085}
      />
      <path
        class="body"
        d={`M${-w} ${-size * 0.18}h${size}l${-size * 0.15} ${size * 0.56}q${-size * 0.03} ${size * 0.1} ${-size * 0.12} ${size * 0.1}h${-size * 0.46}q${-size * 0.09} 0 ${-size * 0.12} ${-size * 0.1}z`}
      />
      {size >= 15 && (
        <text y={size * 0.28} text-anchor="middle" font-size={size * 0.48}>
          {look.initial}
        </text>
      )}
    </g>
  )
}

/**
 * What is pressed in the picture: a plain box over a drawing, with words of its own. What is drawn below it says nothing to whoever cannot see it.
 */
export function Target({
  box,
  label,
  act,
  rx = 10,
  tab = 0,
  onKey,
}: {
  box: { readonly x: number; readonly y: number; readonly w: number; readonly h: number }
  label: string
  act: () => void
  rx?: number
  tab?: 0 | -1
  /** Hears the other keys; answers whether it did something. */
  onKey?: (event: KeyboardEvent) => boolean
}) {
  return (
    // biome-ignore lint/a11y/useSemanticElements: a part of a drawing
    <rect
      class="reach"
      x={box.x}
      y={box.y}
      width={box.w}
      height={box.h}
      rx={rx}
      role="button"
      tabindex={tab}
      aria-label={label}
      onClick={act}
      onKeyDown={(event: KeyboardEvent) => {
        if (event.key === 'Enter' || event.key === ' ') act()
        else if (!onKey?.(event)) return
        event.preventDefault()
        event.stopPropagation()
      }}
    />
  )
}

/** The burst over a server that is dead. */
export function burst(x: number, y: number, outer: number, inner: number): string {
  let path = ''
  for (let k = 0; k < 28; k++) {
    const angle = (k * Math.PI) / 14 + 0.1
    const reach = k % 2 ? inner : outer * (k % 4 ? 1 : 0.82)
    path += `${k ? 'L' : 'M'}${(x + Math.cos(angle) * reach * 1.16).toFixed(1)} ${(y + Math.sin(angle) * reach).toFixed(1)}`
  }
  return `${path}z`
}
