import { type Lab, PreconditionError } from '../experiment.ts'
import { pause } from '../load/pause.ts'

/** Waits until something is so, asking every few milliseconds. Answers how long it took, in milliseconds; throws when it does not come. */
export async function until(lab: Lab, what: string, isSo: () => Promise<boolean>, limitMs = 30_000): Promise<number> {
  const began = performance.now()
  for (;;) {
    if (await isSo()) return performance.now() - began
    if (performance.now() - began > limitMs) throw new PreconditionError(`${what}: not within ${limitMs} ms`)
    await pause(5, lab.signal)
  }
}
