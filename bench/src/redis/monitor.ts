import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

/** One line that MONITOR prints. */
export interface MonitoredCommand {
  /** Seconds since the epoch, as Redis clocked it. */
  readonly at: number
  /** `address:port` of the client; `lua` for what a script did inside Redis, which no client sent. */
  readonly from: string
  /** Lower case. */
  readonly name: string
  readonly args: readonly string[]
}

/** Parses a line of MONITOR: `1722.5 [0 127.0.0.1:6000] "set" "k" "a \"b\""`. `undefined` for other lines such as `+OK`. */
export function parseMonitorLine(line: string): MonitoredCommand | undefined {
  const match = /^\+?(\d+\.\d+) \[\d+ ([^\]]+|\[[^\]]*\]:\d+)\] (".*")$/.exec(line)
  if (!match) return undefined
  const words = [...(match[3] as string).matchAll(/"((?:[^"\\]|\\.)*)"/g)].map((word) => unquote(word[1] as string))
  const [name = '', ...args] = words
  return { at: Number(match[1]), from: match[2] as string, name: name.toLowerCase(), args }
}

/** Redis quotes like C (`sdscatrepr`): \n, \r, \t, \a, \b, \xHH, and a backslash before a quote or a backslash. */
function unquote(quoted: string): string {
  const named: Record<string, string> = { n: '\n', r: '\r', t: '\t', a: '\x07', b: '\b' }
  return quoted.replace(/\\(x([0-9a-f]{2})|.)/g, (_, char: string, hex: string | undefined) =>
    hex === undefined ? (named[char] ?? char) : String.fromCharCode(Number.parseInt(hex, 16)),
  )
}

/** Watches a Redis server that only a contender and this process use. */
export interface Monitor extends AsyncDisposable {
  /** The commands that other clients sent while `during` ran, in order; what scripts did inside is left out. */
  commands(during: () => Promise<unknown>): Promise<MonitoredCommand[]>
}

/** Opens MONITOR on one connection and marks the beginning and end of what is watched from another. */
export async function startMonitor(port: number): Promise<Monitor> {
  const [watching, marking] = await Promise.all([open(port), open(port)])
  const seen: MonitoredCommand[] = []
  const arrived = new EventTarget()
  let rest = ''
  watching.on('data', (chunk: Buffer) => {
    const lines = (rest + chunk.toString('latin1')).split('\r\n')
    rest = lines.pop() ?? ''
    for (const line of lines) {
      const command = parseMonitorLine(line)
      if (command) seen.push(command)
    }
    arrived.dispatchEvent(new Event('lines'))
  })
  watching.write('MONITOR\r\n')
  await once(watching, 'data')

  /** A command of our own that is seen in the stream: everything before it has been seen too. */
  async function mark(): Promise<void> {
    const id = randomUUID()
    marking.write(`ECHO ${id}\r\n`)
    while (!seen.some((command) => command.args[0] === id)) await once(arrived, 'lines')
  }
  return {
    async commands(during) {
      seen.length = 0
      await during()
      await mark()
      const own = seen.at(-1)?.from
      return seen.filter((command) => command.from !== 'lua' && command.from !== own)
    },
    async [Symbol.asyncDispose]() {
      for (const socket of [watching, marking]) {
        socket.destroy()
        if (!socket.closed) await once(socket, 'close')
      }
    },
  }
}

async function open(port: number): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1' })
  await once(socket, 'connect')
  return socket.on('data', () => {})
}
