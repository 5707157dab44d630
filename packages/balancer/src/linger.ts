import type { ServerResponse } from 'node:http'

const LINGER_MS = 2000

/**
 * Lets a client that is still sending its body read the answer: the connection is closed by a FIN, and what still comes is
 * read and thrown away for up to 2 s. Closing with unread bytes would send a reset that may destroy the answer on its way.
 */
export function closeGently(res: ServerResponse): void {
  const { socket } = res
  if (!socket || res.req.httpVersionMajor !== 1) return
  socket.destroySoon = () => {
    res.req.resume()
    socket.end()
    const timer = setTimeout(() => socket.destroy(), LINGER_MS).unref()
    socket.once('end', () => socket.destroy())
    socket.once('close', () => clearTimeout(timer))
  }
}
