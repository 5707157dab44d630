/** Where sessions live and how the balancer picks: see docs/architecture.md. */
export type Mode = 'local' | 'sticky' | 'clustered'

/** Every mode, in the tutorial's order. */
export const MODES = ['local', 'sticky', 'clustered'] as const satisfies readonly Mode[]

/** Reads a mode's name; `redis` is another word for `clustered`. Throws a `TypeError` that lists the valid ones. */
export function parseMode(text: string): Mode {
  const mode = text === 'redis' ? 'clustered' : MODES.find((candidate) => candidate === text)
  if (!mode)
    throw new TypeError(
      `MODE=${JSON.stringify(text)} is unknown: use ${MODES.join(', ')} or redis (the same as clustered)`,
    )
  return mode
}
