import type { Worker } from 'node:cluster'

/** A connection as Node's cluster hands it over, before any stream is made of it. */
interface Handle {
  close(): void
}

/** The part of Node's own messages between primary and worker that is looked at; anything else goes by untouched. */
interface Internal {
  cmd?: string
  act?: string
  seq?: number
  ack?: number
}

/**
 * Closes the connections that a worker was handed and had not taken when it ended. Node forgets those: their clients would
 * wait for ever (https://github.com/nodejs/node-v0.x-archive/pull/7928). There is no public way to learn of them; where Node's
 * messages should change, this does nothing.
 */
export function closeUntaken({ process: child }: Worker): void {
  const untaken = new Map<number, Handle>()
  const send = child.send
  child.send = ((message: Internal, handle?: Handle, ...more: unknown[]) => {
    if (message?.cmd === 'NODE_CLUSTER' && message.act === 'newconn' && handle && message.seq !== undefined) {
      untaken.set(message.seq, handle)
    }
    return (send as (...all: unknown[]) => boolean).call(child, message, handle, ...more)
  }) as typeof send
  child.on('internalMessage', ({ ack }: Internal) => {
    if (ack !== undefined) untaken.delete(ack)
  })
  child.once('exit', () => {
    for (const handle of untaken.values()) handle.close()
    untaken.clear()
  })
}
