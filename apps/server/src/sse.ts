import type { ServerResponse } from 'node:http'

/** What a reader who does not keep up may leave unread, in bytes, before events are dropped for it. */
const MOST_UNREAD = 256 * 1024
const HEARTBEAT_MS = 15_000

/**
 * Sends server-sent events (WHATWG HTML §9.2) to any number of readers. A slow reader never slows the node: what it
 * does not read is dropped, and it is told how much, as `dropped` {count}, once it reads again.
 */
export class EventStream implements Disposable {
  readonly #readers = new Map<ServerResponse, { dropped: number }>()
  readonly #heartbeat: NodeJS.Timeout

  constructor() {
    this.#heartbeat = setInterval(() => this.#sendAll(': still here\n\n'), HEARTBEAT_MS).unref()
  }

  /** How many are reading now. */
  get readers(): number {
    return this.#readers.size
  }

  /** Takes over a response and keeps it open until its reader leaves or the stream ends. */
  add(response: ServerResponse): void {
    response.writeHead(200, {
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    })
    response.write('retry: 1000\n\n')
    this.#readers.set(response, { dropped: 0 })
    response.once('close', () => this.#readers.delete(response))
    response.on('error', () => this.#readers.delete(response))
  }

  /** Sends one event to every reader. Does nothing, not even serialise, when there is none. */
  send(event: string, data: unknown): void {
    if (this.#readers.size > 0) this.#sendAll(frame(event, data))
  }

  /** Ends every reader's stream. */
  [Symbol.dispose](): void {
    clearInterval(this.#heartbeat)
    for (const response of this.#readers.keys()) response.end()
    this.#readers.clear()
  }

  #sendAll(text: string): void {
    for (const [response, reader] of this.#readers) {
      if (response.writableLength > MOST_UNREAD) {
        reader.dropped += 1
        continue
      }
      if (reader.dropped > 0) response.write(frame('dropped', { count: reader.dropped }))
      reader.dropped = 0
      response.write(text)
    }
  }
}

function frame(event: string, data: unknown): string {
  return `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`
}
