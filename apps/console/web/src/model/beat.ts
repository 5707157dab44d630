/** The least time between two pictures, ms. Twenty-five a second are smooth enough for dots, also where nothing but a CPU draws them. */
export const pictureMs = 40
/** After a picture the page rests this many times as long as the picture took: pictures never get more than a quarter of its time. */
const rest = 3
/** But never longer than this, ms: a computer that slept while it made a picture has not become slow. */
export const mostRestMs = 500

type Paint = (now: number) => void

/** The browser's clocks, or a test's. */
export interface PictureClock {
  now(): number
  /** Calls back in about `ms`. */
  later(act: () => void, ms: number): void
  /** Calls back before the browser's next picture, with its time. */
  frame(act: Paint): void
  /** Calls back once the picture that is being made is done: laid out, painted and handed over. */
  done(act: () => void): void
}

const browserClock = (): PictureClock => {
  // A message comes as a task of its own, and the browser makes the whole picture within the one that called for it.
  const { port1, port2 } = new MessageChannel()
  return {
    now: () => performance.now(),
    later: (act, ms) => void setTimeout(act, ms),
    frame: (act) => void requestAnimationFrame(act),
    done(act) {
      port1.onmessage = act
      port2.postMessage(undefined)
    },
  }
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
 * picture costs the browser a pass over the whole page, however little changed in it. On a machine that is slow, or busy with other
 * things, there are fewer pictures: made as often, they would wait for one another, and everything else on the page for them.
 */
export function beat(clock: PictureClock = browserClock()): Beat {
  const waiting = new Set<Paint>()
  let due = Number.NEGATIVE_INFINITY
  /** A picture was called for and is not done. */
  let busy = false
  const plan = () => {
    busy = true
    clock.later(() => clock.frame(draw), Math.max(0, due - clock.now()))
  }
  const draw = (now: number) => {
    const began = clock.now()
    try {
      for (const paint of [...waiting]) if (waiting.delete(paint)) paint(now)
    } finally {
      // Even when one of them throws: the others are painted in the next picture.
      clock.done(() => {
        const ended = clock.now()
        due = Math.max(began + pictureMs, ended + Math.min(mostRestMs, rest * (ended - began)))
        busy = false
        if (waiting.size > 0) plan()
      })
    }
  }
  return {
    ask(paint) {
      waiting.add(paint)
      if (!busy) plan()
    },
    forget: (paint) => void waiting.delete(paint),
  }
}

/** The page's own beat. */
export const pictures: Beat = beat()
