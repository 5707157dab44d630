import { randomInt } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:net'

/** So many ports lie in a block. */
const BLOCK = 64
/** Above what users choose by hand. */
const LOWEST = 10_240

/** What is left of this process's block: the next port, and the first one that is no longer in it. */
let block = { next: 0, end: 0 }
let turn: Promise<unknown> = Promise.resolve()

/**
 * A TCP port on 127.0.0.1 that nothing listens on, and that no caller of this function is given again while this process
 * lives, in this process or another.
 *
 * It lies below the range from which the system takes ports by itself, so that a node which crashed finds its port free
 * when it starts again, and a connection attempt meanwhile cannot by chance connect to itself or to somebody else.
 */
export function freePort(): Promise<number> {
  const port = turn.then(nextPort)
  turn = port.catch(() => {})
  return port
}

/** Whether a server could listen on this port of this host now. */
export async function isFree(port: number, host = '127.0.0.1'): Promise<boolean> {
  const server = await listenOn(port, host)
  if (!server) return false
  await new Promise((closed) => server.close(closed))
  return true
}

async function nextPort(): Promise<number> {
  for (;;) {
    if (block.next === block.end) block = await claimBlock()
    const port = block.next++
    if (await isFree(port)) return port
  }
}

// Whoever listens on a block's first port has the block; the system gives it back when the process ends, however it ends.
async function claimBlock(): Promise<{ next: number; end: number }> {
  const top = await ephemeralStart()
  for (let tries = 0; tries < 1000; tries++) {
    const first = LOWEST + BLOCK * randomInt(Math.floor((top - LOWEST) / BLOCK))
    const held = await listenOn(first, '127.0.0.1')
    if (!held) continue
    held.on('connection', (stranger) => stranger.destroy()).unref()
    return { next: first + 1, end: first + BLOCK }
  }
  throw new Error(`no free port found on 127.0.0.1 between ${LOWEST} and ${top}`)
}

function listenOn(port: number, host: string): Promise<Server | undefined> {
  const server = createServer()
  return new Promise((resolve) => {
    server.once('error', () => resolve(undefined))
    server.listen({ port, host, exclusive: true }, () => resolve(server))
  })
}

/** Linux says where its ephemeral range starts; elsewhere it is 49152 (RFC 6335 §6). */
async function ephemeralStart(): Promise<number> {
  const range = await readFile('/proc/sys/net/ipv4/ip_local_port_range', 'utf8').catch(() => '')
  const start = Number.parseInt(range, 10)
  return start > 12_000 ? start : 49_152
}
