import { useState } from 'preact/hooks'
import type { Entry } from './state.ts'

/** The log as it stands while it is held, and how many entries wait. */
export interface Held {
  readonly log: readonly Entry[]
  readonly waiting: number
}

/** Holds the log at one moment and lets entries in one at a time. What falls out of the live log while it is held is not shown. */
export function useHold(live: readonly Entry[]): { held: Held | undefined; toggle(): void; step(): void } {
  const [shown, setShown] = useState<readonly Entry[]>()
  const until = shown?.at(-1)?.seq ?? 0
  const waiting = shown ? live.filter(({ seq }) => seq > until) : []
  return {
    held: shown && { log: shown, waiting: waiting.length },
    toggle: () => setShown(shown ? undefined : live),
    step() {
      const next = waiting[0]
      if (shown && next) setShown([...shown, next].slice(-200))
    },
  }
}
