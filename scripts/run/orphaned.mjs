// Notices that whoever typed the command has gone. npm passes no signal on to what its shell started.
import { processOf } from './process-tree.mjs'

const EVERY_MS = process.platform === 'linux' ? 300 : 1000

/**
 * Calls `gone` once, when the process that started this one has ended, or, for a script that npm runs, when npm has. Started by
 * another shell, it is left alone: `nohup` and `&` mean that it shall go on.
 * @param {() => void} gone
 */
export function whenOrphaned(gone) {
  const parents = watched()
  const timer = setInterval(() => {
    if (parents.every(({ pid, parent }) => processOf(pid)?.parent === parent)) return
    clearInterval(timer)
    gone()
  }, EVERY_MS)
  timer.unref()
}

/** Up to npm: this process, and the shell between the two where there is one. */
function watched() {
  const self = processOf(process.pid)
  if (!self || process.env.npm_lifecycle_event === undefined) return []
  const parent = processOf(self.parent)
  return parent && /(^|\/)(da|ba|z|a|k)?sh$/.test(parent.name) ? [self, parent] : [self]
}
