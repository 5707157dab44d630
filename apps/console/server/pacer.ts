/** The clock that a pacer goes by: a process's own, or a test's. */
export interface PacerClock {
  /** Ms that only ever grow. */
  now(): number
  /** Calls back once, in `ms` or later; answers how to give it up. */
  later(act: () => void, ms: number): () => void
}

/** The most that a pacer makes up for after the process could not run for a while, ms; what is older is left out. */
export const mostBehindMs = 250

const processClock: PacerClock = {
  now: () => performance.now(),
  later(act, ms) {
    const timer = setTimeout(act, ms)
    return () => clearTimeout(timer)
  },
}

/**
 * Acts at a mean rate until it is disposed, the first time after one pitch. A timer that comes late is made up for: an interval would
 * lose its delay every time, and 67 actions a second become 60 on a machine with much to do.
 *
 * @param perSecond greater than 0
 */
export function pacer(perSecond: number, act: () => void, clock: PacerClock = processClock): Disposable {
  const pitch = 1000 / perSecond
  let due = clock.now() + pitch
  let over = false
  let giveUp = () => {}
  const tick = () => {
    const now = clock.now()
    due = Math.max(due, now - mostBehindMs)
    while (due <= now && !over) {
      due += pitch
      act()
    }
    if (!over) plan()
  }
  const plan = () => {
    giveUp = clock.later(tick, Math.max(1, due - clock.now()))
  }
  plan()
  return {
    [Symbol.dispose]() {
      over = true
      giveUp()
    },
  }
}
