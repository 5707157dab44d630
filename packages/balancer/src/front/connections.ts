import type { Http2Session } from 'node:http2'
import { Server, type Socket } from 'node:net'
import type { Front } from './front.ts'

/** The clients' connections: no more than a bound at a time, and let go when the balancer closes. */
export class Connections {
  readonly #front: Front
  readonly #max: number
  readonly #refuse: (socket: Socket) => void
  readonly #sockets = new Set<Socket>()
  /** Those beyond the bound, while they are told so. */
  readonly #refused = new Set<Socket>()
  readonly #sessions = new Set<Http2Session>()

  /** @param refuse tells a connection beyond `max` so, and closes it */
  constructor(front: Front, max: number, refuse: (socket: Socket) => void) {
    this.#front = front
    this.#max = max
    this.#refuse = refuse
    front.on('connection', (socket: Socket) => this.#accept(socket))
    front.on('session', (session: Http2Session) => {
      this.#sessions.add(session)
      session.once('close', () => this.#sessions.delete(session))
    })
  }

  get size(): number {
    return this.#sockets.size
  }

  #accept(socket: Socket): void {
    const isTooMany = this.#sockets.size >= this.#max
    const list = isTooMany ? this.#refused : this.#sockets
    list.add(socket)
    socket.once('close', () => list.delete(socket))
    if (!isTooMany) return
    this.#refuse(socket)
    // Each takes a descriptor until it has read why: when they are many, the oldest must do without.
    const [oldest] = this.#refused
    if (this.#refused.size > MOST_REFUSED) oldest?.destroy()
  }

  /**
   * Accepts no more, and closes nothing: http.Server's own close() would drop connections that are just made and whose
   * first request is still on its way. @returns when the last connection is closed
   */
  stopAccepting(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    Server.prototype.close.call(this.#front, () => resolve())
    for (const session of this.#sessions) session.close()
    return promise
  }

  /** Closes everything at once. */
  closeAll(): void {
    for (const socket of [...this.#sockets, ...this.#refused]) socket.destroy()
    // Ends its timers; that it is not listening any more is no news.
    this.#front.close(() => {})
  }
}

const MOST_REFUSED = 8
