import { connect, type TLSSocket } from 'node:tls'

const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'

/** A frame of HTTP/2 (RFC 9113 §4.1). */
export function frame(type: number, flags: number, stream: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(9)
  head.writeUIntBE(payload.length, 0, 3)
  head.writeUInt8(type, 3)
  head.writeUInt8(flags, 4)
  head.writeUInt32BE(stream, 5)
  return Buffer.concat([head, payload])
}

// HPACK (RFC 7541) with every field as a literal and no compression: nothing is checked on the way.
function literal(text: string): Buffer {
  const bytes = Buffer.from(text, 'latin1')
  if (bytes.length < 127) return Buffer.concat([Buffer.from([bytes.length]), bytes])
  const more = bytes.length - 127
  const length = more < 128 ? [127, more] : [127, (more & 127) | 128, more >> 7]
  return Buffer.concat([Buffer.from(length), bytes])
}

/** The bytes of one request on stream 1, behind the preface. */
export function request(fields: readonly (readonly [string, string])[], body?: string): Buffer {
  const block = Buffer.concat(fields.flatMap(([name, value]) => [Buffer.from([0]), literal(name), literal(value)]))
  const headers = frame(1, body === undefined ? 5 : 4, 1, block)
  const data = body === undefined ? [] : [frame(0, 1, 1, Buffer.from(body, 'latin1'))]
  return Buffer.concat([Buffer.from(PREFACE), frame(4, 0, 0, Buffer.alloc(0)), headers, ...data])
}

/** A connection that speaks HTTP/2 as it likes. */
export function connectRaw(port: number): TLSSocket {
  const socket = connect({ port, host: '127.0.0.1', ALPNProtocols: ['h2'], rejectUnauthorized: false })
  return socket.on('error', () => {}).resume()
}
