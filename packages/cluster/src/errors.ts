import type { LogLine } from './log-buffer.ts'

/** A part of the cluster did not come up. The message is one line that ends with the process's own last words. */
export class StartError extends Error {
  override readonly name = 'StartError'
  readonly code = 'CLUSTER_START_FAILED'
  /** Which part: `node b`, `balancer`, `redis`. */
  readonly part: string
  /** The last lines that it wrote. */
  readonly log: readonly LogLine[]

  constructor(part: string, reason: string, log: readonly LogLine[] = [], options?: ErrorOptions) {
    super(`${part} did not start: ${reason}`, options)
    this.part = part
    this.log = log
  }
}

/** A part was asked for what its state does not allow, such as freezing a node that has ended. */
export class StateError extends Error {
  override readonly name = 'StateError'
  readonly code = 'CLUSTER_STATE'
}
