import type { Node } from '@session-cluster/cluster'
import { pause } from '../load/pause.ts'

/**
 * Lets a node run only half of the time, by SIGSTOP and SIGCONT in turns: a server with half the CPU, without
 * asking for any right to limit processes. Disposing lets it run again. The slices are long, because a scheduler makes up for
 * short pauses.
 */
export function throttled(node: Node, sliceMs = 200): AsyncDisposable {
  let on = true
  const beat = (async () => {
    while (on) {
      await node.freeze()
      await pause(sliceMs)
      await node.thaw()
      await pause(sliceMs)
    }
  })()
  return {
    async [Symbol.asyncDispose]() {
      on = false
      await beat
    },
  }
}
