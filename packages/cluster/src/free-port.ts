import { randomInt } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:net'

/** Ports given out by this process: never twice, so that two clusters in it cannot meet between choice and use. */
const given = new Set<number>()

/**
 * A TCP port on 127.0.0.1 that nothing listens on.
 *
 * It lies below the range from which the system takes ports for outgoing connections, so that a node which crashed finds
 * its port free when it starts again, and a connection attempt meanwhile cannot by chance connect to itself.
 */
export async function freePort(): Promise<number> {
  const top = await ephemeralStart()
  for (let tries = 0; tries < 200; tries++) {
    const port = randomInt(10_240, top)
    if (given.has(port) || !(await isFree(port))) continue
    given.add(port)
    return port
  }
  throw new Error(`no free port found on 127.0.0.1 between 10240 and ${top}`)
}

/** Whether a server could listen on this port of this host now. */
export function isFree(port: number, host = '127.0.0.1'): Promise<boolean> {
  const server = createServer()
  return new Promise((resolve) => {
    server.once('error', () => resolve(false))
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)))
  })
}

/** Linux says where its ephemeral range starts; elsewhere it is 49152 (RFC 6335 §6). */
async function ephemeralStart(): Promise<number> {
  const range = await readFile('/proc/sys/net/ipv4/ip_local_port_range', 'utf8').catch(() => '')
  const start = Number.parseInt(range, 10)
  return start > 12_000 ? start : 49_152
}
