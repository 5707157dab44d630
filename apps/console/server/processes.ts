import { isAlive, type ProcessState } from '@session-cluster/contract'
import type { NodeFacts } from './facts.ts'
import type { LaneHost } from './lane-host.ts'

interface Process {
  incarnation: number
  state: ProcessState
  /** When it was begun, as it says itself; by this process's own clock, which no correction of the time of day moves. */
  startedAt?: number | undefined
  pid?: number | undefined
}

/** Two words about a start that lie closer than this are about the same one, ms. */
const sameStartMs = 2500

/**
 * Knows which process of each node is which: a session in memory dies with its process, not with its node. Of the lane's own
 * children it hears from their parent; of others it learns from what they say of themselves.
 */
export class Processes implements Disposable {
  readonly #known = new Map<string, Process>()
  readonly #host: LaneHost
  readonly #onChange: (node: string, state: ProcessState) => void
  readonly #unsubscribe: () => void

  constructor(host: LaneHost, onChange: (node: string, state: ProcessState) => void) {
    this.#host = host
    this.#onChange = onChange
    this.#unsubscribe = host.onState((part, state) => {
      if (part !== 'redis' && part !== 'balancer') this.#set(part, state)
    })
  }

  /** The processes that may hold sessions now: running ones, and frozen ones. */
  living(): { name: string; incarnation: number }[] {
    return this.#host
      .nodes()
      .filter(({ name }) => !this.isDead(name))
      .map(({ name }) => ({ name, incarnation: this.#of(name).incarnation }))
  }

  stateOf(node: string): ProcessState {
    return this.#host.stateOf(node) ?? this.#of(node).state
  }

  /** Whether a process still is what it was: the one of that incarnation, and not known to be dead. */
  lives({ node, incarnation }: { readonly node: string; readonly incarnation: number }): boolean {
    // Of somebody else's processes silence is no proof: only a younger one in its place is.
    return this.#of(node).incarnation === incarnation && (this.#host.attached || isAlive(this.stateOf(node)))
  }

  /** Whether a node's process is not there. */
  isDead(node: string): boolean {
    return !isAlive(this.stateOf(node))
  }

  /** How often a node's process was begun. */
  incarnation(node: string): number {
    return this.#of(node).incarnation
  }

  /** Notes that a node that nobody here is the parent of was frozen for a while, or let go. */
  told(node: string, state: ProcessState): void {
    if (this.#host.attached) this.#set(node, state)
  }

  /** Takes in what a node says of itself; `undefined` when it does not answer. */
  inspected(node: string, facts: NodeFacts | undefined): void {
    if (!this.#host.attached) return
    const known = this.#of(node)
    if (!facts) {
      if (known.state === 'running') this.#set(node, 'crashed')
      return
    }
    const startedAt = facts.uptimeMs === undefined ? undefined : performance.now() - facts.uptimeMs
    const moved =
      startedAt !== undefined && known.startedAt !== undefined && Math.abs(startedAt - known.startedAt) > sameStartMs
    if (moved || (known.pid !== undefined && known.pid !== facts.pid)) known.incarnation++
    Object.assign(known, { startedAt: moved ? startedAt : (known.startedAt ?? startedAt), pid: facts.pid })
    if (known.state !== 'running') this.#set(node, 'running', false)
  }

  [Symbol.dispose](): void {
    this.#unsubscribe()
  }

  #of(node: string): Process {
    let known = this.#known.get(node)
    if (!known) {
      known = { incarnation: 1, state: 'running' }
      this.#known.set(node, known)
    }
    return known
  }

  #set(node: string, state: ProcessState, begun = true): void {
    const known = this.#of(node)
    if (known.state === state) return
    if (begun && state === 'running' && known.state !== 'frozen') known.incarnation++
    known.state = state
    this.#onChange(node, state)
  }
}
