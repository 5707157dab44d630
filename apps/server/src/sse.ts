import { randomUUID } from 'node:crypto'
import type { ServerResponse } from 'node:http'

/** What a reader who does not keep up may leave unread, in bytes, before events are dropped for it. */
const MOST_UNREAD = 256 * 1024
const HEARTBEAT_MS = 15_000
/** How many of the last events are kept for readers who come back. */
const MOST_KEPT = 200

interface Kept {
  readonly event: string
  readonly data: unknown
}

/**
 * Sends server-sent events (WHATWG HTML §9.2) to any number of readers. A slow reader never slows the node: what it
 * does not read is dropped, and it is told how much, as `dropped` {count}, once it reads again. A reader who comes back
 * with the id of the last event that it saw hears what it missed; also when that was another process, before a restart.
 */
export class EventStream implements Disposable {
  /** Tells this process's events from those of the process before it. */
  readonly #run = randomUUID().slice(0, 8)
  /** How many events there were; the number of the last one. */
  #count = 0
  readonly #kept: Kept[] = []
  readonly #readers = new Map<ServerResponse, { dropped: number }>()
  readonly #heartbeat: NodeJS.Timeout

  constructor() {
    this.#heartbeat = setInterval(() => this.#sendAll(': still here\n\n'), HEARTBEAT_MS).unref()
  }

  /** How many are reading now. */
  get readers(): number {
    return this.#readers.size
  }

  /**
   * Takes over a response and keeps it open until its reader leaves or the stream ends.
   * @param lastEventId the request's `Last-Event-ID`; without one the reader is new, and hears what happens from now on
   */
  add(response: ServerResponse, lastEventId?: string): void {
    response.writeHead(200, {
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    })
    response.write('retry: 1000\n\n')
    if (lastEventId !== undefined) this.#catchUp(response, lastEventId)
    this.#readers.set(response, { dropped: 0 })
    response.once('close', () => this.#readers.delete(response))
    response.on('error', () => this.#readers.delete(response))
  }

  /** Sends one event to every reader, and keeps it for a while. Serialises nothing when there is no reader. */
  send(event: string, data: unknown): void {
    this.#count += 1
    this.#kept.push({ event, data })
    if (this.#kept.length > MOST_KEPT) this.#kept.shift()
    if (this.#readers.size > 0) this.#sendAll(this.#numbered({ event, data }, this.#count))
  }

  /** Ends every reader's stream. */
  [Symbol.dispose](): void {
    clearInterval(this.#heartbeat)
    for (const response of this.#readers.keys()) response.end()
    this.#readers.clear()
  }

  #catchUp(response: ServerResponse, lastEventId: string): void {
    const [, run, number] = /^(\w+)-(\d+)$/.exec(lastEventId) ?? []
    const seen = run === this.#run ? Math.min(Number(number), this.#count) : 0
    const gone = this.#count - this.#kept.length
    if (gone > seen) response.write(frame('dropped', { count: gone - seen }))
    for (let next = Math.max(seen, gone); next < this.#count; next += 1) {
      response.write(this.#numbered(this.#kept[next - gone] as Kept, next + 1))
    }
  }

  #numbered({ event, data }: Kept, number: number): string {
    return `id: ${this.#run}-${number}\n${frame(event, data)}`
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
