import { setTimeout as pause } from 'node:timers/promises'

/** Waits for something outside a test (where `expect.poll` may not be used) to become true; fails after a minute. */
export async function until(what: string, condition: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + 60_000
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`waited in vain until ${what}`)
    await pause(20)
  }
}
