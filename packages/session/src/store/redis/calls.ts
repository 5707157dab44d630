import { StoreLostError, type StoreOptions, StoreRefusedError, type StoreUsage } from '../store.ts'
import { ANY_TIME, RedisClock, type Window } from './clock.ts'
import { type CommandName, type RedisArgument, type RedisConnection, UnsentError } from './connection.ts'
import type { Script } from './script.ts'
import { CLOCK } from './scripts.ts'

/** Which part of a call's options matters to how it is sent. */
export type CallOptions = Pick<StoreOptions, 'usage' | 'giveUpAt'>

/** A script's keys; the first says which server runs it. */
type Keys = readonly [string, ...string[]]

/** How often a connection that leads to a replica is opened again, ms: it is so again until the address has moved. */
const REJOIN_EVERY_MS = 1_000

/**
 * Sends the store's commands and scripts. What only reads is sent again, within its time, when its connection breaks; a
 * change is not, unless it has certainly not left, and Redis itself refuses it once its time is over.
 */
export class RedisCalls {
  readonly #connection: RedisConnection
  readonly #clock = new RedisClock()
  #rejoinedAt = -Infinity

  constructor(connection: RedisConnection) {
    this.#connection = connection
    // So that the first change over a new connection need not ask for the time.
    if (!connection.isCluster) connection.onReconnect(() => void this.#readClock('', {}).catch(() => {}))
  }

  /** Runs a script that may run twice. */
  read(script: Script, keys: Keys, args: readonly RedisArgument[], options: CallOptions): Promise<unknown> {
    return this.#again(keys[0], options, true, () => this.#run(script, keys, args, options.usage))
  }

  /** Sends a command that may be sent twice. `server` is the one to ask, where it is not the one that has the key. */
  command(
    key: string,
    name: CommandName,
    args: readonly RedisArgument[],
    options: CallOptions,
    server?: Pick<RedisConnection, 'send'>,
  ): Promise<unknown> {
    return this.#again(key, options, true, () => this.#send(key, name, args, options.usage, server))
  }

  /**
   * Runs a script that changes something, see `fenced`: never later than its caller waits for it. Rejects with a
   * `StoreRefusedError` when it came too late.
   */
  async change(script: Script, keys: Keys, args: readonly RedisArgument[], options: CallOptions): Promise<unknown> {
    const [key] = keys
    // Twice: a reading that was off, as after Redis's clock was set, is put right by the answer itself.
    for (let attempt = 1; attempt <= 2; attempt++) {
      let sentAt = 0
      let link: object | undefined
      const made = this.#again(key, options, false, async () => {
        const window = await this.#window(key, options)
        link = this.#connection.linkTo(key)
        sentAt = performance.now()
        return this.#run(script, keys, [...window, ...args], options.usage)
      })
      const reply = await made.catch((error: unknown) => {
        if (error instanceof StoreRefusedError && error.reason === 'READONLY') this.#rejoin(key)
        throw error
      })
      if (!isLate(reply)) return reply
      if (link) this.#clock.learn(link, sentAt, Number(reply[1]))
    }
    throw new StoreRefusedError('LATE', 'the change reached Redis after its time, and was not made')
  }

  /** Takes over Redis's time from an answer to what was sent at `sentAt` over this connection. */
  learn(link: object | undefined, sentAt: number, micros: number): void {
    if (link && micros > 0) this.#clock.learn(link, sentAt, micros)
  }

  /** The connection that commands for this key take now. */
  linkTo(key: string): object | undefined {
    return this.#connection.linkTo(key)
  }

  /** A replica answers where a primary did: there was a failover behind one address, and a new connection leads to the new primary. */
  #rejoin(key: string): void {
    const at = performance.now()
    if (at - this.#rejoinedAt < REJOIN_EVERY_MS) return
    this.#rejoinedAt = at
    this.#connection.reconnect(key)
  }

  async #window(key: string, options: CallOptions): Promise<Window> {
    const { giveUpAt = Infinity } = options
    if (giveUpAt === Infinity) return ANY_TIME
    const link = this.#connection.linkTo(key)
    const window = link && this.#clock.window(link, giveUpAt)
    if (window) return window
    await this.#readClock(key, options)
    const now = this.#connection.linkTo(key)
    const known = now && this.#clock.window(now, giveUpAt)
    if (!known) throw new UnsentError(new Error('the connection broke while Redis’s clock was read'))
    return known
  }

  async #readClock(key: string, { usage }: CallOptions): Promise<void> {
    const link = this.#connection.linkTo(key)
    const sentAt = performance.now()
    const micros = Number(await this.#run(CLOCK, [key], [], usage))
    this.learn(link, sentAt, micros)
  }

  /** Runs a script by its digest; sends its source only when Redis has forgotten it, as after a restart. */
  async #run(
    { sha, source }: Script,
    keys: readonly string[],
    args: readonly RedisArgument[],
    usage: StoreUsage | undefined,
  ): Promise<unknown> {
    const rest = [keys.length, ...keys, ...args]
    const key = keys[0] as string
    try {
      return await this.#send(key, 'evalsha', [sha, ...rest], usage)
    } catch (error) {
      if (!(error instanceof StoreRefusedError) || error.reason !== 'NOSCRIPT') throw error
      return this.#send(key, 'eval', [source, ...rest], usage)
    }
  }

  #send(
    key: string,
    name: CommandName,
    args: readonly RedisArgument[],
    usage: StoreUsage | undefined,
    server: Pick<RedisConnection, 'send'> = this.#connection,
  ): Promise<unknown> {
    if (usage) {
      usage.commands++
      usage.roundTrips++
    }
    return server.send(key, name, args)
  }

  /** Waits for a connection, and makes the call; over again while it may be and its time is not over. */
  async #again(
    key: string,
    { giveUpAt = 0 }: CallOptions,
    isRepeatable: boolean,
    call: () => Promise<unknown>,
  ): Promise<unknown> {
    for (let ready = this.#connection.ready(key); ; ready = this.#connection.ready(key)) {
      if (ready) await ready
      // The request was answered meanwhile.
      if (giveUpAt > 0 && performance.now() > giveUpAt) throw new UnsentError(new Error('its time is over'))
      try {
        return await call()
      } catch (error) {
        if (error instanceof StoreRefusedError) throw error
        const mayRepeat = isRepeatable || error instanceof UnsentError
        if (!mayRepeat || performance.now() >= giveUpAt) throw asLost(error)
        // A client that does not yet know of its loss would refuse at once, over and over.
        await new Promise((resolve) => setTimeout(resolve, 1))
      }
    }
  }
}

const asLost = (error: unknown): unknown => (error instanceof UnsentError ? error : new StoreLostError(error))

const isLate = (reply: unknown): reply is readonly [unknown, Buffer] =>
  Array.isArray(reply) && reply.length === 2 && String(reply[0]) === 'late'
