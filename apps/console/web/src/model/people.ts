/** How a user is drawn. The hue says on which server the user began (the first, second, third), the shape tells three of one hue apart. */
export interface Look {
  readonly hue: 0 | 1 | 2
  readonly shape: 'circle' | 'square' | 'hex' | 'diamond' | 'octagon' | 'shield'
  readonly initial: string
}

const shapes = ['circle', 'square', 'hex', 'diamond', 'octagon', 'shield'] as const

/** The look of the user at this place in the order of users. It is the user's for good, wherever the session goes. */
export function lookOf(index: number, name: string): Look {
  const at = Math.max(0, index)
  return {
    hue: (at % 3) as Look['hue'],
    shape: shapes[Math.floor(at / 3) % shapes.length] as Look['shape'],
    initial: name[0] ?? '?',
  }
}

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
