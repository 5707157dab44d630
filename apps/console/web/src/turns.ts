import { type Beat, pictures } from './beat.ts'

/** The parts that are drawn in one picture: what one picture costs then does not grow with the page. */
export const partsPerPicture = 2

/** Has the parts of the page drawn one after another. */
export interface Turns {
  /** Joins with how a part draws itself; answers how to leave. */
  join(draw: () => void): () => void
  /** Has every part drawn once more, beginning with the next picture. Whoever still waits keeps its place and is drawn once. */
  round(): void
  /** Draws nobody any more who still waits. */
  stop(): void
}

/**
 * Spreads each drawing of the page over several pictures. Drawn in one go it is a task of 15 ms, and on a machine whose CPUs others want too
 * such a task takes four times as long, because it is interrupted; tasks of 4 ms mostly are not.
 */
export function turns(beat: Beat = pictures): Turns {
  const parts = new Set<() => void>()
  const waiting = new Set<() => void>()
  const next = () => {
    const drawn = [...waiting].slice(0, partsPerPicture)
    for (const draw of drawn) waiting.delete(draw)
    if (waiting.size > 0) beat.ask(next)
    for (const draw of drawn) draw()
  }
  return {
    join(draw) {
      parts.add(draw)
      return () => {
        parts.delete(draw)
        waiting.delete(draw)
      }
    },
    round() {
      for (const draw of parts) waiting.add(draw)
      beat.ask(next)
    },
    stop() {
      waiting.clear()
      beat.forget(next)
    },
  }
}
