import type { TrackedServer } from '../redis/connection.ts'
import { Link } from './link.ts'
import { answerChannel, holdersKey, type Member, questionChannel, runOnHolders } from './member.ts'
import { BEACON, LEAVE, RENEW } from './scripts.ts'

/** How often a lease is renewed in its time. */
const BEATS_PER_LEASE = 4

/** What a lease needs. */
export interface LeaseOptions extends Member {
  /** Is told of keys of Redis that have changed. */
  readonly changed: (keys: readonly string[]) => void
  /** Anything may have changed. */
  readonly flush: () => void
  readonly heard: (channel: string, message: string) => void
}

/** One renewal under way, and which servers have not yet told of it. */
interface Beat {
  readonly sentAt: number
  /** Whether it enters this process into the list; else it only looks whether word comes back. */
  readonly isRenewal: boolean
  readonly waiting: Set<string>
}

/**
 * The right to answer from memory. A beat enters this process into the list of holders, then changes a key of its own on
 * each server. When word of that comes back over every server's connection, all that was changed before the beat was sent has
 * been heard of, so memory is right as of then, and may be used for `leaseMs` from then on.
 */
export class Lease {
  readonly #options: LeaseOptions
  readonly #links = new Map<string, Link>()
  readonly #beats = new Map<number, Beat>()
  #count = 0
  #aliveUntil = -Infinity
  #timer: NodeJS.Timeout | undefined
  /** The list of holders as it is known, and since when it is. */
  #list: { readonly born: string; readonly over: object | undefined; readonly since: number } | undefined

  constructor(options: LeaseOptions) {
    this.#options = options
  }

  /** Whether memory may be used now (monotonic ms). */
  holds(now: number): boolean {
    return now < this.#aliveUntil
  }

  /** Whether all servers are heard, so that what is read now may be kept. */
  get isHeard(): boolean {
    if (this.#links.size === 0) return false
    for (const link of this.#links.values()) if (!link.isUp) return false
    return true
  }

  start(): void {
    if (this.#timer) return
    this.#timer = setInterval(() => this.#beat(), this.#options.leaseMs / BEATS_PER_LEASE).unref()
    this.#beat()
  }

  /**
   * Takes note of the list of holders. Answers since when (monotonic ms) it has certainly been one list: a holder whose lease is
   * younger than that is in it.
   */
  listSince(born: string): number {
    const over = this.#options.connection.linkTo(holdersKey(this.#options))
    if (this.#list?.born !== born || this.#list.over !== over) this.#list = { born, over, since: performance.now() }
    return this.#list.since
  }

  #beat(): void {
    this.#follow()
    const now = performance.now()
    for (const link of this.#links.values()) link.check(now)
    if (!this.isHeard) return
    const { leaseMs } = this.#options
    const count = ++this.#count
    // Who is not told of changes does not renew its lease, so that the end of a session need not wait for it.
    const isRenewal = [...this.#links.values()].every(({ provenAt }) => now - provenAt < leaseMs)
    this.#beats.set(count, { sentAt: now, isRenewal, waiting: new Set(this.#links.keys()) })
    for (const [old, { sentAt }] of this.#beats) if (now - sentAt > leaseMs) this.#beats.delete(old)
    this.#send(count, isRenewal).catch(() => this.#beats.delete(count))
  }

  /** The list first: who is not in it when a session ends must hear of the end before its lease begins. */
  async #send(count: number, isRenewal: boolean): Promise<void> {
    const { calls, id, leaseMs } = this.#options
    const options = { giveUpAt: performance.now() + leaseMs }
    const beacons = [...this.#links.values()].map(({ server }) => this.#beacon(server, count))
    if (isRenewal) {
      const args = [id, `${count} ${leaseMs}`, `${id}.${count}`]
      this.listSince(String(await runOnHolders(this.#options, RENEW, args)))
    }
    await Promise.all(beacons.map((beacon) => calls.read(BEACON, [beacon], [], options)))
  }

  #beacon({ tag }: TrackedServer, count: number): string {
    return `${this.#prefix}${tag === '' ? '' : `{${tag}}`}:${count}`
  }

  get #prefix(): string {
    return `${this.#options.keys.near}${this.#options.id}:`
  }

  /** Has one connection to each server that there is now. */
  #follow(): void {
    const { connection, leaseMs } = this.#options
    const servers = connection.tracked?.() ?? []
    const names = new Set(servers.map(({ name }) => name))
    for (const [name, link] of this.#links) {
      if (names.has(name)) continue
      this.#links.delete(name)
      link.close()
      this.#lost()
    }
    for (const server of servers) {
      if (this.#links.has(server.name)) continue
      this.#lost()
      const link = new Link(server, { leaseMs, tracking: this.#tracking(server.name), opened: () => this.#beat() })
      this.#links.set(server.name, link)
    }
  }

  #tracking(name: string) {
    const { connection, keys, id, changed, flush, heard } = this.#options
    const own = connection.keyPrefix + this.#prefix
    return {
      prefixes: [connection.keyPrefix + keys.sessions, own],
      channels: [questionChannel(this.#options), answerChannel(this.#options, id)],
      changed: (changes: readonly string[] | undefined) => {
        if (!changes) return flush()
        const beats = changes.filter((key) => key.startsWith(own))
        changed(beats.length === 0 ? changes : changes.filter((key) => !key.startsWith(own)))
        for (const key of beats) this.#proven(name, Number(key.slice(key.lastIndexOf(':') + 1)))
      },
      heard,
      lost: () => this.#lost(),
    }
  }

  /** Nothing is believed while somebody is not heard. */
  #lost(): void {
    this.#aliveUntil = -Infinity
    this.#beats.clear()
    this.#options.flush()
  }

  #proven(name: string, count: number): void {
    const beat = this.#beats.get(count)
    if (!beat) return
    this.#links.get(name)?.proven(beat.sentAt)
    beat.waiting.delete(name)
    if (beat.waiting.size > 0) return
    this.#beats.delete(count)
    if (!beat.isRenewal) return
    // Who let it run out begins with nothing: others may have relied on that it serves nothing any more.
    if (performance.now() >= this.#aliveUntil) this.#options.flush()
    this.#aliveUntil = Math.max(this.#aliveUntil, beat.sentAt + this.#options.leaseMs)
  }

  /** Serves nothing any more, and leaves the list, so that the end of a session need not wait for this process. */
  async close(): Promise<void> {
    clearInterval(this.#timer)
    for (const link of this.#links.values()) link.close()
    this.#links.clear()
    this.#lost()
    if (this.#count === 0) return
    await runOnHolders(this.#options, LEAVE, [this.#options.id]).catch(() => {}) // it is taken off
  }
}
