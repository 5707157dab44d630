import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'

/** What a test's name server knows of one name. */
export interface Zone {
  /** Addresses of the name. */
  a?: readonly string[]
  /** Services of the name. */
  srv?: readonly { target: string; port: number; weight?: number; priority?: number }[]
  /** Seconds. @default 0 */
  ttl?: number
  /** Answers with this code and nothing else: 2 SERVFAIL, 3 NXDOMAIN; `silent` for no answer at all. */
  fails?: 2 | 3 | 'silent'
}

const TYPE = { a: 1, srv: 33 } as const

/** A name server on a UDP port of loopback that says what the test tells it (RFC 1035, RFC 2782). */
export class DnsServer implements AsyncDisposable {
  /** By full name, in small letters; what is not here does not exist. */
  readonly zones = new Map<string, Zone>()
  /** Every question, `A web.test`. */
  readonly asked: string[] = []
  readonly #socket: Socket = createSocket('udp4')

  get address(): string {
    return `127.0.0.1:${this.#socket.address().port}`
  }

  async start(): Promise<this> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#socket.on('message', (query, from) => this.#answer(query, from))
    this.#socket.bind(0, '127.0.0.1', resolve)
    await promise
    return this
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#socket.close(() => resolve())
    await promise
  }

  #answer(query: Buffer, from: RemoteInfo): void {
    const { name, type, end } = questionOf(query)
    this.asked.push(`${type === TYPE.a ? 'A' : type === TYPE.srv ? 'SRV' : type} ${name}`)
    const zone = this.zones.get(name) ?? { fails: 3 }
    if (zone.fails === 'silent') return
    const records = zone.fails ? [] : recordsOf(zone, type)
    const head = Buffer.from(query.subarray(0, 12))
    // A response, authoritative, recursion at hand; one question, so many answers, nothing else.
    head.writeUInt16BE(0x8580 | (zone.fails ?? 0), 2)
    head.writeUInt16BE(records.length, 6)
    head.writeUInt32BE(0, 8)
    this.#socket.send(Buffer.concat([head, query.subarray(12, end), ...records]), from.port, from.address)
  }
}

function questionOf(query: Buffer): { name: string; type: number; end: number } {
  const labels: string[] = []
  let at = 12
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length))
    at += length + 1
  }
  return { name: labels.join('.').toLowerCase(), type: query.readUInt16BE(at + 1), end: at + 5 }
}

function recordsOf({ a = [], srv = [], ttl = 0 }: Zone, type: number): Buffer[] {
  if (type === TYPE.a) return a.map((address) => record(type, ttl, Buffer.from(address.split('.').map(Number))))
  if (type !== TYPE.srv) return []
  return srv.map(({ target, port, weight = 0, priority = 0 }) => {
    const numbers = Buffer.alloc(6)
    for (const [i, number] of [priority, weight, port].entries()) numbers.writeUInt16BE(number, 2 * i)
    const labels = target.split('.').flatMap((label) => [Buffer.from([label.length]), Buffer.from(label)])
    return record(type, ttl, Buffer.concat([numbers, ...labels, Buffer.from([0])]))
  })
}

// Its name is the question's, by a pointer to it.
function record(type: number, ttl: number, data: Buffer): Buffer {
  const head = Buffer.from([0xc0, 12, 0, type, 0, 1, 0, 0, 0, 0, 0, data.length])
  head.writeUInt32BE(ttl, 6)
  return Buffer.concat([head, data])
}

/** Starts one. */
export const dnsServer = (): Promise<DnsServer> => new DnsServer().start()
