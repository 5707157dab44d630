// Idle clients in a process of their own: each connects, asks once and keeps the connection. Thousands need several source
// addresses only where ports run out (28,000 for each address and target); they are spread over 127.0.0.2–127.0.0.5 all the same.
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { getRequest } from '../load/job.ts'
import { readAnswer } from '../load/response.ts'

type Order = { readonly open: number; readonly port: number } | { readonly askAgainAfterMs: number }

const request = getRequest('/')
const clients: Socket[] = []
/** A client that waits longer for an answer is not held. */
const answerWithinMs = 20_000

async function open(port: number): Promise<void> {
  const socket = connect({ port, host: '127.0.0.1', localAddress: `127.0.0.${2 + (clients.length % 4)}` })
  clients.push(socket.on('error', () => {}))
  await once(socket, 'connect', { signal: AbortSignal.timeout(answerWithinMs) })
  if (!(await ask(socket))) socket.destroy()
}

async function ask(socket: Socket): Promise<boolean> {
  if (socket.destroyed || !socket.writable) return false
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const close = () => resolve(false)
  const timer = setTimeout(close, answerWithinMs)
  let bytes: Buffer = Buffer.alloc(0)
  const read = (chunk: Buffer) => {
    bytes = Buffer.concat([bytes, chunk])
    const answer = readAnswer(bytes)
    if (answer) resolve(answer.status === 200)
  }
  socket.on('data', read).on('close', close).write(request)
  const answered = await promise
  clearTimeout(timer)
  socket.off('data', read).off('close', close)
  return answered
}

/** At most 100 at once: a listen queue holds only some hundreds. */
async function inTurns<T>(items: readonly T[], act: (item: T) => Promise<boolean>): Promise<number> {
  let answered = 0
  const left = items.values()
  const worker = async () => {
    for (const item of left) if (await act(item).catch(() => false)) answered++
  }
  await Promise.all(Array.from({ length: 100 }, worker))
  return answered
}

process.on('message', async (order: Order) => {
  if ('open' in order) {
    const ports = Array.from({ length: order.open }, () => order.port)
    process.send?.({ answered: await inTurns(ports, (port) => open(port).then(() => true)) })
  } else {
    await pause(order.askAgainAfterMs)
    process.send?.({ answered: await inTurns(clients, ask) })
  }
})
process.on('disconnect', () => process.exit(0))
