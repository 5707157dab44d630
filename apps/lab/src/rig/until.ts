import { type Lab, PreconditionError } from '../experiment.ts'
import type { Settings } from '../history.ts'
import { type Text, text, type Words } from '../language.ts'
import { pause } from '../load/pause.ts'

type Condition = () => Promise<boolean>

/** Waits for what the lab itself needs, asking every few milliseconds. Throws a `PreconditionError` when it does not come: nothing can be measured then. */
export async function until(lab: Lab, what: string, isSo: Condition, limitMs = 30_000): Promise<void> {
  if ((await asked(lab, isSo, limitMs)) === undefined) {
    throw new PreconditionError(`${what}: not within ${limitMs} ms`)
  }
}

/**
 * Waits for what is claimed to come by itself. Answers how long it took, in milliseconds; `undefined` when it has not come within
 * the lab's patience. That is a finding and no error: whoever asks goes on and counts what there is.
 */
export function comesTrue(lab: Lab, isSo: Condition): Promise<number | undefined> {
  return asked(lab, isSo, lab.patienceMs)
}

/** How long something took to come, for the reader: `312`, or `not within 60 s`. */
export const waited = (ms: number | undefined, lab: Pick<Settings, 'patienceMs'>): Words => {
  const limit = withinPatience(lab)
  return ms === undefined ? text(`not ${limit.en}`, `${limit.ko} 오지 않음`) : Math.round(ms)
}

/** `within 60 s`: how long the lab waits for what is claimed. */
export const withinPatience = ({ patienceMs }: Pick<Settings, 'patienceMs'>): Text =>
  text(`within ${patienceMs / 1000} s`, `${patienceMs / 1000}초 안에`)

async function asked(lab: Lab, isSo: Condition, limitMs: number): Promise<number | undefined> {
  const began = performance.now()
  for (;;) {
    if (await isSo()) return performance.now() - began
    if (performance.now() - began > limitMs) return undefined
    await pause(5, lab.signal)
  }
}
