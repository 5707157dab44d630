import type { Socket } from 'node:net'

/** A response that waits, and what is to close its connection when it has left. */
export interface Waiting {
  closeLater(close: () => void): void
}

const slot = Symbol('the response that waits')

interface Connection extends Socket {
  [slot]?: Waiting | undefined
}

/**
 * Lets a connection live as long as a response of it waits: who closes it after the answer, as Express does after an error
 * that comes too late, must not take the answer from the client. `undefined`: nothing waits any more.
 */
export function deferClose(socket: Socket, waiting: Waiting | undefined): void {
  const connection: Connection = socket
  if (!(slot in connection)) intercept(connection)
  connection[slot] = waiting
}

/** Once for each connection: what is put on and deleted by each request makes a socket slow. */
function intercept(connection: Connection): void {
  const { destroy, end } = connection
  connection.destroy = function (this: Connection, error?: Error): Connection {
    const waiting = this[slot]
    // An error of the system: the connection is broken, and nothing more will leave.
    if (!waiting || (error as NodeJS.ErrnoException | undefined)?.syscall)
      return destroy.call(this, error) as Connection
    waiting.closeLater(() => destroy.call(this, error))
    return this
  }
  connection.end = function (this: Connection, ...given: unknown[]): Connection {
    const waiting = this[slot]
    const act = () => (end as (...given: unknown[]) => Connection).apply(this, given)
    if (!waiting) return act()
    waiting.closeLater(act)
    return this
  } as Connection['end']
}
