import type { Hearing } from './connection.ts'

/** What is used of a client that only subscribes, of one connection: its loss is its end. ioredis has it, node-redis is made so. */
export interface Subscriber {
  readonly stream?: { unref?(): unknown } | undefined
  on(event: 'error' | 'end' | 'connect', listener: () => void): unknown
  on(event: 'message', listener: (channel: string, message: string) => void): unknown
  subscribe(channel: string): Promise<unknown>
  disconnect(): void
}

/** Options of such a client: it does not reconnect by itself, so that every connection begins with a subscription. */
export const SUBSCRIBER = {
  enableOfflineQueue: true,
  maxRetriesPerRequest: null,
  autoResubscribe: false,
  retryStrategy: () => null,
  sentinelRetryStrategy: () => null,
  commandTimeout: 2_000,
  keyPrefix: '',
} as const

/** How long after a lost connection the next is tried, ms. */
const RETRY_MS = 100

/** Hears one channel over a connection of its own, and makes another one whenever that is lost. */
export class Subscription implements AsyncDisposable {
  readonly #connect: () => Subscriber
  readonly #channel: string
  readonly #hearing: Hearing
  #client: Subscriber | undefined
  #isClosed = false

  private constructor(connect: () => Subscriber, channel: string, hearing: Hearing) {
    this.#connect = connect
    this.#channel = channel
    this.#hearing = hearing
  }

  /** Resolves when the channel is heard. */
  static async open(connect: () => Subscriber, channel: string, hearing: Hearing): Promise<Subscription> {
    const subscription = new Subscription(connect, channel, hearing)
    try {
      await subscription.#subscribe()
    } catch (error) {
      await subscription[Symbol.asyncDispose]()
      throw error
    }
    return subscription
  }

  async #subscribe(): Promise<void> {
    const client = this.#connect()
    this.#client = client
    client.on('error', () => {})
    client.on('message', (_channel, message) => this.#hearing.heard(message))
    client.on('connect', () => client.stream?.unref?.()) // it keeps no process alive
    let isHeard = false
    client.on('end', () => {
      if (isHeard) this.#again()
    })
    try {
      await client.subscribe(this.#channel)
    } catch (error) {
      client.disconnect()
      throw error
    }
    isHeard = true
  }

  #again(): void {
    if (this.#isClosed) return
    setTimeout(() => {
      if (this.#isClosed) return
      this.#subscribe().then(
        () => this.#hearing.missed(),
        () => this.#again(),
      )
    }, RETRY_MS).unref()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true
    this.#client?.disconnect()
  }
}
