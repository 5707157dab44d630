import type { Done } from './actions.ts'
import type { Processes } from './processes.ts'
import type { UserState } from './user-state.ts'

/** The users whose session went with a node's process, and how many sessions went with all its processes so far. */
interface NodeLosses {
  victims: string[]
  gone: number
}

/**
 * Keeps count of the sessions that are gone and of those whose users have noticed. A session in a node's memory is gone at once when its
 * process is; nobody need ask for it first. Nothing that a user does afterwards makes it come back, so the counts only grow.
 */
export class Losses {
  /** Sessions that no server can serve any more, since the counting began. */
  gone = 0
  /** Those of them that a request of their user's has met. */
  noticed = 0
  readonly #nodes = new Map<string, NodeLosses>()
  readonly #processes: Processes
  readonly #users: () => ReadonlyMap<string, UserState>
  readonly #shared: boolean

  /** @param shared sessions do not live in the processes: none goes with one */
  constructor(processes: Processes, users: () => ReadonlyMap<string, UserState>, shared: boolean) {
    this.#processes = processes
    this.#users = users
    this.#shared = shared
  }

  /** Sessions that went with this node's processes. */
  goneWith(node: string): number {
    return this.#of(node).gone
  }

  /** The users whose session went with the node's last process; empty once it runs again. */
  victims(node: string): readonly string[] {
    return this.#processes.isDead(node) ? this.#of(node).victims : []
  }

  /** Looks which sessions have gone with a process. */
  look(): void {
    if (this.#shared) return
    for (const [name, user] of this.#users()) {
      if (user.home === undefined || user.counted) continue
      if (this.#processes.lives(user.home)) continue
      this.#count(user)
      user.goneBy = 'process'
      const losses = this.#of(user.home.node)
      losses.victims.push(name)
    }
  }

  /** A node's process has begun: what the one before held is not of it. */
  begun(node: string): void {
    this.#of(node).victims = []
  }

  /** Takes in what a user's request has met. */
  answered(user: UserState, { outcome, overwrote }: Pick<Done, 'outcome' | 'overwrote'>): void {
    if (overwrote) {
      user.counted = true
      this.gone++
    }
    if (outcome !== 'lost' || user.noticed) return
    if (!user.counted) this.#count(user)
    user.noticed = true
    this.noticed++
  }

  /** Forgets the counts. */
  reset(): void {
    this.gone = 0
    this.noticed = 0
    this.#nodes.clear()
  }

  #count(user: UserState): void {
    user.session = 'gone'
    user.counted = true
    this.gone++
    if (user.home && !this.#shared) this.#of(user.home.node).gone++
  }

  #of(node: string): NodeLosses {
    let losses = this.#nodes.get(node)
    if (!losses) {
      losses = { victims: [], gone: 0 }
      this.#nodes.set(node, losses)
    }
    return losses
  }
}
