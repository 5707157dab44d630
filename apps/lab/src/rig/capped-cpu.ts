import type { Node } from '@session-cluster/cluster'

/** A server that may use a part of one core and no more. Disposing lets it run freely again. */
export interface CappedCpu extends AsyncDisposable {
  /** Tells of CPU time that it has used, in ms: it is stopped until it has paid for it. */
  used(cpuMs: number): void
}

/** As much CPU as the share of so many milliseconds may be saved up. */
const savedMs = 200

/**
 * Holds a server to a share of one core, by SIGSTOP and SIGCONT: a small machine, without asking for any right to limit processes.
 * After each answer it stands still until its share of the time that passed has paid for the work. Of the time in which it was
 * idle, or woken too late, a little is saved up.
 */
export function cappedCpu(node: Node, share: number): CappedCpu {
  let debtMs = 0
  let paidAt = performance.now()
  let last = Promise.resolve()
  let over = false
  const pay = () => {
    const now = performance.now()
    debtMs = Math.max(-savedMs * share, debtMs - (now - paidAt) * share)
    paidAt = now
  }
  const inOrder = (step: () => Promise<void>) => {
    last = last.then(step)
    return last
  }
  const standStill = async () => {
    pay()
    if (debtMs <= 0 || over) return
    await node.freeze()
    // What is answered meanwhile is paid for in the next turn.
    await new Promise((resolve) => setTimeout(resolve, debtMs / share))
    pay()
    await node.thaw()
  }
  return {
    used(cpuMs) {
      pay()
      debtMs += cpuMs
      inOrder(standStill).catch(() => {}) // A server that has gone needs no cap.
    },
    async [Symbol.asyncDispose]() {
      over = true
      await last.catch(() => {})
    },
  }
}
