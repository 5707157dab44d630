import type { Outcome } from '@session-cluster/contract'
import { signs } from './mark.tsx'
import { type Look, outline } from './people.ts'

/** Half a sprite's side, in the drawing's units: room for a dot and the mark at its shoulder. */
const half = 18
/** More sprites than this are never needed at once; beyond it they are made anew. */
const mostSprites = 400

const sprites = new Map<string, ImageBitmap>()
let colours = new Map<string, string>()
let coloursOf: string | undefined

/**
 * A dot with its mark, drawn once for each user, outcome, theme and size, and from then on only copied: drawing shapes and letters
 * anew for every dot in every picture is what used to cost the most.
 *
 * @param scale pixels of the screen in one unit of the drawing
 */
export function spriteOf(look: Look, outcome: Outcome | undefined, scale: number): ImageBitmap {
  const { theme = '' } = document.documentElement.dataset
  const key = `${look.fill}${look.shape}${look.initial} ${outcome} ${theme} ${scale}`
  let sprite = sprites.get(key)
  if (!sprite) {
    if (sprites.size >= mostSprites) sprites.clear()
    sprite = draw(look, outcome, scale)
    sprites.set(key, sprite)
  }
  return sprite
}

/** Puts a sprite's middle at a place of the drawing. */
export function stamp(
  context: CanvasRenderingContext2D,
  sprite: ImageBitmap,
  { x, y }: { readonly x: number; readonly y: number },
  scale: number,
): void {
  context.drawImage(sprite, x * scale - sprite.width / 2, y * scale - sprite.height / 2)
}

function draw(look: Look, outcome: Outcome | undefined, scale: number): ImageBitmap {
  const side = Math.ceil(half * 2 * scale)
  const canvas = new OffscreenCanvas(side, side)
  const context = canvas.getContext('2d')
  if (context) drawOn(context, look, outcome, scale)
  // A bitmap is copied as it is; of a canvas the browser would take a picture for every dot.
  return canvas.transferToImageBitmap()
}

function drawOn(
  context: OffscreenCanvasRenderingContext2D,
  look: Look,
  outcome: Outcome | undefined,
  scale: number,
): void {
  const side = context.canvas.width
  context.setTransform(scale, 0, 0, scale, side / 2, side / 2)
  context.textAlign = 'center'
  // A rim in the panel's colour keeps dots apart that lie on one another.
  const shape = new Path2D(outline(look.shape, 7.5))
  context.strokeStyle = colour('panel')
  context.lineWidth = 2
  context.stroke(shape)
  context.fillStyle = look.fill
  context.fill(shape)
  context.fillStyle = look.ink
  context.font = '700 8px system-ui, sans-serif'
  context.fillText(look.initial, 0, 2.9)
  if (outcome === undefined) return
  context.translate(9, -8)
  context.beginPath()
  context.arc(0, 0, 7, 0, 2 * Math.PI)
  context.stroke()
  context.fillStyle = colour(outcome)
  context.fill()
  context.fillStyle = colour('panel')
  context.font = '700 10px system-ui, sans-serif'
  context.fillText(signs[outcome], 0, 3.5)
}

/** One of the page's colours in its present theme; asked of the browser once, because asking makes it lay out the page. */
function colour(name: string): string {
  const { theme } = document.documentElement.dataset
  if (theme !== coloursOf) {
    colours = new Map()
    coloursOf = theme
  }
  let value = colours.get(name)
  if (value === undefined) {
    value = getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim() || '#667080'
    colours.set(name, value)
  }
  return value
}
