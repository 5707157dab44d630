import type { Http2Session } from 'node:http2'
import { Server, type Socket } from 'node:net'
import type { Front } from './front.ts'

/** The clients' connections, so that they can be let go when the balancer closes. */
export class Connections {
  readonly #front: Front
  readonly #sockets = new Set<Socket>()
  readonly #sessions = new Set<Http2Session>()

  constructor(front: Front) {
    this.#front = front
    front.on('connection', (socket: Socket) => {
      this.#sockets.add(socket)
      socket.once('close', () => this.#sockets.delete(socket))
    })
    front.on('session', (session: Http2Session) => {
      this.#sessions.add(session)
      session.once('close', () => this.#sessions.delete(session))
    })
  }

  get size(): number {
    return this.#sockets.size
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
    for (const socket of this.#sockets) socket.destroy()
    // Ends its timers; that it is not listening any more is no news.
    this.#front.close(() => {})
  }
}
