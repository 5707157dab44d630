import type { ServerResponse } from 'node:http'
import type { Control, NamedEvent } from './control.ts'

const MAX_BUFFERED = 1_048_576
const KEEP_ALIVE_MS = 15_000

/**
 * Streams every event as Server-Sent Events: `event:` is its name, `data:` its JSON. A reader that falls more than 1 MiB
 * behind misses events rather than slowing the balancer; a `dropped` event then says how many.
 */
export function streamEvents(control: Control, res: ServerResponse) {
  res.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store', 'X-Accel-Buffering': 'no' })
  res.write(': the balancer speaks\n\n')
  let dropped = 0
  const stop = control.subscribe(({ name, event }: NamedEvent) => {
    if (res.writableLength > MAX_BUFFERED) return dropped++
    if (dropped > 0) res.write(`event: dropped\ndata: ${JSON.stringify({ count: dropped })}\n\n`)
    dropped = 0
    res.write(`event: ${name}\ndata: ${JSON.stringify(event)}\n\n`)
  })
  const beat = setInterval(() => res.write(':\n\n'), KEEP_ALIVE_MS).unref()
  res.once('close', () => {
    clearInterval(beat)
    stop()
  })
}
