import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'

/** Answers that wait behind another on the same HTTP/1 connection (RFC 9112 §9.3.2), in order. */
const waiting = new WeakMap<object, Set<ServerResponse>>()

/** The answer whose turn it is on this HTTP/1 connection, while it is not through. */
export const answering = (socket: object): ServerResponse | undefined =>
  (socket as { _httpMessage?: ServerResponse | null })._httpMessage ?? undefined

/** The answers on this HTTP/1 connection that are not through, in the order of their requests. */
export function inProgress(socket: object): ServerResponse[] {
  const first = answering(socket)
  return first ? [first, ...(waiting.get(socket) ?? [])] : []
}

/** Calls back when the answers in progress on this HTTP/1 connection are through: now, if there are none; never, if it closes with them. */
export function afterAnswers(socket: Duplex, act: () => void): void {
  const last = inProgress(socket).at(-1)
  if (last === undefined) act()
  else {
    last.once('close', () => {
      if (socket.writable) act()
    })
  }
}

/**
 * Lets an answer that may have to wait for its turn hear when its connection closes meanwhile: Node 22 tells that to the one whose
 * turn it is, and forgets the others; Node 26 tells them too.
 */
export function awaitTurn(res: ServerResponse): void {
  if (res.socket !== null || 'stream' in res) return
  const { socket } = res.req
  const others = waiting.get(socket)
  const all = others ?? new Set()
  all.add(res)
  res.once('socket', () => all.delete(res))
  if (others) return
  waiting.set(socket, all)
  socket.once('close', () => {
    for (const forgotten of all) {
      forgotten.destroy()
      forgotten.emit('close')
    }
  })
}

/** Requests of one connection that are worked on at a time: each takes a connection to a node. */
const MOST_AT_ONCE = 8
/** Requests of one connection that may wait for their answers: they are in memory. */
const MOST_WAITING = 1000

/** Whether more requests have come on this connection than may wait for their answers. */
export const isOverfull = (socket: object): boolean => (waiting.get(socket)?.size ?? 0) > MOST_WAITING

/** RFC 9110 §9.2.1. */
const SAFE = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE'])

/**
 * When a request may be worked on; `undefined` for now. Requests that come before the answers to those before them are served one
 * after the other, unless all of them are safe and few (RFC 9112 §9.3.2): a GET behind a PUT reads what the PUT wrote.
 */
export function turnOf(res: ServerResponse): Promise<void> | undefined {
  if (res.socket !== null || 'stream' in res) return undefined
  const all = inProgress(res.req.socket)
  if (all.length <= MOST_AT_ONCE && all.every(({ req }) => SAFE.has(req.method ?? ''))) return undefined
  const { promise, resolve } = Promise.withResolvers<void>()
  res.once('socket', () => resolve())
  return promise
}

/** Calls back with the connection that carries an answer: now, or when it is the answer's turn. */
export function onTurn(res: ServerResponse, act: (socket: Socket) => void): void {
  if (res.socket) act(res.socket)
  else res.once('socket', act)
}
