/** How a user is drawn: a colour, an ink that is readable on it, and a shape, so that colour is never all there is to go by. */
export interface Look {
  readonly fill: string
  readonly ink: string
  readonly shape: 'circle' | 'square' | 'hex' | 'diamond' | 'octagon' | 'shield'
  readonly initial: string
}

/** Nine hues after Okabe and Ito, darkened where white letters need it. */
const hues = [
  ['#0072b2', '#fff'],
  ['#c25500', '#fff'],
  ['#007a5a', '#fff'],
  ['#cc79a7', '#1b1020'],
  ['#7a5c00', '#fff'],
  ['#56b4e9', '#06202f'],
  ['#a23b72', '#fff'],
  ['#5c6b00', '#fff'],
  ['#7a5195', '#fff'],
] as const

const shapes = ['circle', 'square', 'hex', 'diamond', 'octagon', 'shield'] as const

/** The look of the user at this place in the order of users; three to a shape, nine to a round of colours. */
export function lookOf(index: number, name: string): Look {
  const [fill, ink] = hues[Math.max(0, index) % hues.length] as (typeof hues)[number]
  return {
    fill,
    ink,
    shape: shapes[Math.floor(Math.max(0, index) / 3) % shapes.length] as Look['shape'],
    initial: name[0] ?? '?',
  }
}

/** Someone who is none of our users. */
export const strangerLook: Look = { fill: '#667080', ink: '#fff', shape: 'circle', initial: '·' }

/** The outline of a shape around 0,0 within radius r, as an SVG path; a canvas draws the same. */
export function outline(shape: Look['shape'], r: number): string {
  const polygon = (sides: number, turn: number, scale: number) =>
    `M${Array.from({ length: sides }, (_, i) => {
      const angle = turn + (i * 2 * Math.PI) / sides
      return `${(r * scale * Math.cos(angle)).toFixed(2)} ${(r * scale * Math.sin(angle)).toFixed(2)}`
    }).join('L')}Z`
  switch (shape) {
    case 'circle':
      return `M${-r} 0A${r} ${r} 0 1 1 ${r} 0A${r} ${r} 0 1 1 ${-r} 0Z`
    case 'square':
      return polygon(4, Math.PI / 4, 1.28)
    case 'hex':
      return polygon(6, Math.PI / 2, 1.1)
    case 'diamond':
      return polygon(4, 0, 1.22)
    case 'octagon':
      return polygon(8, Math.PI / 8, 1.08)
    case 'shield':
      return `M${-r} ${-r * 0.9}H${r}V${r * 0.2}L0 ${r * 1.15}L${-r} ${r * 0.2}Z`
  }
}
