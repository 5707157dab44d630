/** The least time between two pictures, ms. Twenty-five a second are smooth enough for dots, also where nothing but a CPU draws them. */
export const pictureMs = 40

type Paint = (now: number) => void

/** The browser's clocks, or a test's. */
export interface PictureClock {
  now(): number
  /** Calls back in about `ms`. */
  later(act: () => void, ms: number): void
  /** Calls back before the browser's next picture, with its time. */
  frame(act: Paint): void
}

const browserClock: PictureClock = {
  now: () => performance.now(),
  later: (act, ms) => void setTimeout(act, ms),
  frame: (act) => void requestAnimationFrame(act),
}

/** Lets everything that is drawn share its pictures. */
export interface Beat {
  /** Paints once, in the next picture, together with everybody else who asked. */
  ask(paint: Paint): void
  /** Forgets an `ask` that was not answered yet. */
  forget(paint: Paint): void
}

/**
 * One beat for all that moves: at most one picture in {@link pictureMs}, and between two of them the browser is not woken. Each
 * picture costs the browser a pass over the whole page, however little changed in it.
 */
export function beat(clock: PictureClock = browserClock): Beat {
  const waiting = new Set<Paint>()
  let asked = false
  let last = Number.NEGATIVE_INFINITY
  const draw = (now: number) => {
    asked = false
    last = clock.now()
    const painters = [...waiting]
    waiting.clear()
    for (const paint of painters) paint(now)
  }
  return {
    ask(paint) {
      waiting.add(paint)
      if (asked) return
      asked = true
      clock.later(() => clock.frame(draw), Math.max(0, last + pictureMs - clock.now()))
    },
    forget: (paint) => void waiting.delete(paint),
  }
}

/** The page's own beat. */
export const pictures: Beat = beat()
