// Two nodes in one process, over raw sockets: next to no CPU, so that the balancer is what is busy. Not counted in any figure.
// Answers `/echo` with the request as it arrived, `/status/<code>` with that code, `/page/<bytes>` with a page of that size and ten
// fields, everything else with one small JSON.
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'

const answer = (status: string, name: string, body: string) =>
  `HTTP/1.1 ${status}\r\nContent-Type: application/json\r\nX-Served-By: ${name}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`

/** A page as an application answers it: ten fields. */
const page = (name: string, bytes: number) =>
  Buffer.from(
    [
      'HTTP/1.1 200 OK',
      'Date: Fri, 27 Nov 2026 12:00:00 GMT',
      'Content-Type: text/html; charset=utf-8',
      `Content-Length: ${bytes}`,
      'Cache-Control: private, max-age=0, must-revalidate',
      'ETag: W/"2f7-1a2b3c4d5e6f"',
      'Vary: Accept-Encoding',
      'X-Content-Type-Options: nosniff',
      "Content-Security-Policy: default-src 'self'",
      'Strict-Transport-Security: max-age=31536000',
      `X-Served-By: ${name}`,
      `\r\n${'x'.repeat(bytes)}`,
    ].join('\r\n'),
  )

function serve(name: string, socket: Socket): void {
  const small = answer('200 OK', name, '{"q":"password"}')
  const pages = new Map([2048, 16_384].map((bytes) => [`/page/${bytes}`, page(name, bytes)]))
  let held = ''
  socket.setNoDelay(true).on('error', () => {})
  socket.on('data', (chunk: Buffer) => {
    held += chunk.toString('latin1')
    for (;;) {
      const headEnd = held.indexOf('\r\n\r\n')
      if (headEnd < 0) return
      const head = held.slice(0, headEnd)
      const end = bodyEnd(held, head, headEnd + 4)
      if (end === undefined) return
      const body = held.slice(headEnd + 4, end)
      held = held.slice(end)
      const path = head.slice(head.indexOf(' ') + 1, head.indexOf(' ', head.indexOf(' ') + 1))
      if (path.startsWith('/echo')) socket.write(answer('200 OK', name, JSON.stringify({ name, head, body })))
      else if (path.startsWith('/status/')) socket.write(answer(`${path.slice(8, 11)} Told`, name, '{}'))
      else socket.write(pages.get(path) ?? small)
    }
  })
}

function bodyEnd(held: string, head: string, start: number): number | undefined {
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1]
  if (length !== undefined) return held.length >= start + Number(length) ? start + Number(length) : undefined
  if (!/\r\ntransfer-encoding:.*chunked/i.test(head)) return start
  const last = held.indexOf('0\r\n\r\n', start)
  return last < 0 ? undefined : last + 5
}

const ports = await Promise.all(
  ['a', 'b'].map(async (name) => {
    const server = createServer((socket) => serve(name, socket)).listen(0, '127.0.0.1')
    await once(server, 'listening')
    return (server.address() as AddressInfo).port
  }),
)
process.on('disconnect', () => process.exit(0))
process.send?.({ ports })
