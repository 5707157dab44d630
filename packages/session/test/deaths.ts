import { afterAll, beforeAll } from 'vitest'

const KINDS = ['unhandledRejection', 'uncaughtException'] as const

/** Notes what would end the process, in place of vitest's own listeners, which would only fail the file. */
export function watchForDeaths(): { readonly deaths: string[] } {
  const deaths: string[] = []
  const died = (error: unknown): void => void deaths.push(String((error as { code?: string })?.code ?? error))
  const listeners = KINDS.map((kind) => process.listeners(kind as 'uncaughtException'))
  beforeAll(() => {
    for (const kind of KINDS) process.removeAllListeners(kind).on(kind, died)
  })
  afterAll(() => {
    for (const [i, kind] of KINDS.entries()) {
      process.removeAllListeners(kind)
      for (const listener of listeners[i] ?? []) process.on(kind, listener)
    }
  })
  return { deaths }
}
