import type { Node } from '@session-cluster/cluster'

/** A node that may use half of the CPU time that another one uses. Disposing lets it run again. */
export interface HalfCpu extends AsyncDisposable {
  /** Tells of CPU time that one of the two has used, in ms. */
  used(by: 'half' | 'whole', cpuMs: number): Promise<void>
}

/**
 * Holds `half` to half of the other node's CPU time, by SIGSTOP and SIGCONT: a smaller server, without asking for any right to
 * limit processes. Half of the other's CPU and not of the clock's: on a machine that is busy with other things a process
 * that runs half of the time gets as much as one that runs all of it.
 */
export function halfCpu(half: Node): HalfCpu {
  const spentMs = { half: 0, whole: 0 }
  let frozen = false
  let last = Promise.resolve()
  const set = async (wanted: boolean) => {
    if (wanted === frozen) return
    frozen = wanted
    await (wanted ? half.freeze() : half.thaw())
  }
  const inOrder = (step: () => Promise<void>) => {
    last = last.then(step)
    return last
  }
  return {
    used(by, cpuMs) {
      spentMs[by] += cpuMs
      return inOrder(() => set(spentMs.half > spentMs.whole / 2))
    },
    [Symbol.asyncDispose]: () => inOrder(() => set(false)),
  }
}
