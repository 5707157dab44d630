import type { RunOptions } from '../workspace.ts'

/** A program that passes or fails. Tasks of all stages run side by side, so each has whatever it needs to itself: ports, folders, a Redis. */
export interface Task {
  /** Unlike that of its stage's other tasks. */
  name: string
  /** Answers whether it passed. */
  run(options: RunOptions): Promise<boolean>
}
