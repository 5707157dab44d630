import { type Entry, logLimit, type PageState } from './state.ts'

type Live = Pick<PageState, 'run' | 'log'>

/** The log as it stood when it was held, with what was let in since. */
export interface HeldLog {
  readonly entries: readonly Entry[]
  /** The last entry's number, and the start of the server that gave it. */
  readonly until: number
  readonly run: number
}

/** The log, held as it stands. */
export const heldFrom = ({ run, log }: Live): HeldLog => ({ entries: log, until: log.at(-1)?.seq ?? 0, run })

/** What came since the log was held. All that a server did which was started since has come since. */
export const waitingFor = ({ run, until }: HeldLog, live: Live): readonly Entry[] =>
  run === live.run ? live.log.filter(({ seq }) => seq > until) : live.log

/** The held log with the first that waits let in; unchanged when nothing waits. */
export function letIn(held: HeldLog, live: Live): HeldLog {
  const [next] = waitingFor(held, live)
  return next ? { entries: [...held.entries, next].slice(-logLimit), until: next.seq, run: live.run } : held
}
