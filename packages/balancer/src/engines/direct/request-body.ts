import type { Socket } from 'node:net'
import type { Sink } from '../pump.ts'
import { fieldLines } from './request-head.ts'

/** A body whose length was declared: its bytes as they are. The front has made sure that there are as many. */
export const plainBody = (socket: Socket): Sink => ({
  write: (chunk) => socket.write(chunk),
  addTrailers: () => {},
  end: () => {},
  on: (event, listener) => socket.on(event, listener),
  off: (event, listener) => socket.off(event, listener),
})

/** A body of unknown length, in chunks (RFC 9112 §7.1), each in one write. */
export function chunkedBody(socket: Socket): Sink {
  let trailers = ''
  return {
    ...plainBody(socket),
    write(chunk) {
      if (chunk.length === 0) return true // an empty chunk would end the body
      socket.cork()
      socket.write(`${chunk.length.toString(16)}\r\n`, 'latin1')
      socket.write(chunk)
      const hasRoom = socket.write('\r\n', 'latin1')
      socket.uncork()
      return hasRoom
    },
    addTrailers(pairs) {
      // A trailer that a node could misread is no loss: it would have been free to ignore them all (RFC 9110 §6.5).
      trailers = fieldLines(pairs.flat()) ?? ''
    },
    end: () => void socket.write(`0\r\n${trailers}\r\n`, 'latin1'),
  }
}
