import { setTimeout as delay } from 'node:timers/promises'
import type { Node } from '@session-cluster/cluster'

/**
 * Lets a node run only half of the time, by SIGSTOP and SIGCONT in turns: a server with half the CPU, without
 * asking for any right to limit processes. Disposing lets it run again.
 */
export function throttled(node: Node, sliceMs = 20): AsyncDisposable {
  let on = true
  const beat = (async () => {
    while (on) {
      await node.freeze()
      await delay(sliceMs)
      await node.thaw()
      await delay(sliceMs)
    }
  })()
  return {
    async [Symbol.asyncDispose]() {
      on = false
      await beat
    },
  }
}
