import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'

/**
 * A relay in front of a Redis that leaves commands alone, and treats the connections over which Redis tells of changes (they
 * subscribe) as a network may.
 */
export class ChangesRelay implements AsyncDisposable {
  /** How late word of changes arrives, ms; in order all the same. */
  delayMs = 0
  /** No word arrives, in either direction, though the connections stay. */
  isSilent = false
  readonly #target: number
  readonly #all = new Set<Socket>()
  readonly #telling = new Set<Socket>()
  readonly #server = createServer({ noDelay: true }, (client) => this.#relay(client))

  private constructor(target: number) {
    this.#target = target
  }

  /** Starts one on a free port of 127.0.0.1. */
  static async to(redisUrl: string): Promise<ChangesRelay> {
    const relay = new ChangesRelay(Number(new URL(redisUrl).port))
    await once(relay.#server.listen(0, '127.0.0.1'), 'listening')
    return relay
  }

  get url(): string {
    return `redis://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** Breaks every connection that tells of changes; new ones are taken. */
  cut(): void {
    for (const client of this.#telling) client.destroy()
  }

  /** As if nothing had been wrong: whoever was not told connects again. */
  heal(): void {
    this.delayMs = 0
    if (this.isSilent) this.cut()
    this.isSilent = false
  }

  #relay(client: Socket): void {
    const upstream = connect({ port: this.#target, host: '127.0.0.1', noDelay: true })
    for (const socket of [client, upstream]) {
      this.#all.add(socket)
      socket.on('error', () => {}) // Its end is what counts.
      socket.on('close', () => {
        this.#all.delete(socket)
        this.#telling.delete(client)
        for (const other of [client, upstream]) other.destroy()
      })
    }
    client.on('data', (chunk: Buffer) => {
      if (/subscribe/i.test(chunk.toString('latin1'))) this.#telling.add(client)
      if (!this.isSilent || !this.#telling.has(client)) upstream.write(chunk)
    })
    let before = Promise.resolve()
    upstream.on('data', (chunk: Buffer) => {
      if (!this.#telling.has(client)) return void client.write(chunk)
      const due = performance.now() + this.delayMs
      before = before.then(async () => {
        const leftMs = due - performance.now()
        if (leftMs > 0) await delay(leftMs)
        if (!this.isSilent && client.writable) client.write(chunk)
      })
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#all) socket.destroy()
    this.#server.close()
  }
}
