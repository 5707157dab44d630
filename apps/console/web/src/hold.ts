import { useState } from 'preact/hooks'
import type { Entry, PageState } from './state.ts'
import type { Store } from './store.ts'

/** The log as it stood when it was held, with what was let in since. */
export type HeldLog = readonly Entry[]

/** What came since the log was held. */
export const waitingFor = (held: HeldLog, live: readonly Entry[]): readonly Entry[] => {
  const until = held.at(-1)?.seq ?? 0
  return live.filter(({ seq }) => seq > until)
}

/** Holds the log at one moment and lets entries in one at a time. What falls out of the live log while it is held is not shown. */
export function useHold(source: Store<PageState>): { held: HeldLog | undefined; toggle(): void; step(): void } {
  const [held, setHeld] = useState<HeldLog>()
  return {
    held,
    toggle: () => setHeld(held ? undefined : source.get().log),
    step() {
      const next = held && waitingFor(held, source.get().log)[0]
      if (next) setHeld([...held, next].slice(-200))
    },
  }
}
