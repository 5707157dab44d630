/** Something whose headers may still wait to be sent. */
export interface Flushable {
  /** Sends them, unless that is done. */
  flush(): void
}

let waiting: Flushable[] = []

/**
 * Flushes by the end of this turn of the event loop: a small answer's headers go with its body in one packet, and those
 * of a slow stream still arrive at once.
 */
export function flushSoon(target: Flushable): void {
  if (waiting.push(target) === 1) setImmediate(flushAll)
}

function flushAll(): void {
  const targets = waiting
  waiting = []
  for (const target of targets) target.flush()
}
