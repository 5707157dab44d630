import type { TrackedServer, Tracking } from '../redis/connection.ts'

/** How long after a lost connection, or an attempt, the next is tried, ms. */
const RETRY_MS = 100

/** After so many leases without a sign of life a connection is half open, and opened again. */
const SILENT_LEASES = 2

/** What a link is made with. */
export interface LinkOptions {
  readonly leaseMs: number
  readonly tracking: Tracking
  /** Is called whenever the server is heard again. */
  readonly opened: () => void
}

/** The connection over which one server tells of changes. Made again whenever it is lost. */
export class Link {
  readonly server: TrackedServer
  readonly #options: LinkOptions
  #provenAt = 0
  #connection: AsyncDisposable | undefined
  #attempt: object | undefined
  #isClosed = false

  constructor(server: TrackedServer, options: LinkOptions) {
    this.server = server
    this.#options = options
    this.#open()
  }

  get isUp(): boolean {
    return this.#connection !== undefined
  }

  /** All that was changed before was heard of, or nothing was kept then; monotonic ms. */
  get provenAt(): number {
    return this.#provenAt
  }

  /** What was sent at this time (monotonic ms) has come back. */
  proven(sentAt: number): void {
    this.#provenAt = sentAt
  }

  /** Gives up a connection that has been silent for too long. */
  check(now: number): void {
    if (this.#connection && now - this.#provenAt > SILENT_LEASES * this.#options.leaseMs) this.#drop()
  }

  #open(): void {
    const attempt = {}
    this.#attempt = attempt
    const isOurs = (): boolean => this.#attempt === attempt
    const tracking = {
      ...this.#options.tracking,
      // What an older connection says yet is of no use: it may have missed something.
      changed: (keys: readonly string[] | undefined) => isOurs() && this.#options.tracking.changed(keys),
      lost: () => isOurs() && this.#drop(),
    } as Tracking
    this.server.track(tracking).then(
      (connection) => {
        if (!isOurs()) return void connection[Symbol.asyncDispose]()
        this.#connection = connection
        this.#provenAt = performance.now()
        this.#options.opened()
      },
      () => isOurs() && this.#drop(),
    )
  }

  #drop(): void {
    const connection = this.#connection
    this.#attempt = undefined
    this.#connection = undefined
    if (connection) {
      this.#options.tracking.lost()
      void connection[Symbol.asyncDispose]()
    }
    if (!this.#isClosed) setTimeout(() => this.#isClosed || this.#open(), RETRY_MS).unref()
  }

  close(): void {
    this.#isClosed = true
    const connection = this.#connection
    this.#attempt = undefined
    this.#connection = undefined
    void connection?.[Symbol.asyncDispose]()
  }
}
