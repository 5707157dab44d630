import { pino } from 'pino'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { shutdown } from './shutdown.ts'

beforeEach(() => vi.useFakeTimers())
afterEach(() => vi.useRealTimers())

/** A server whose `close` resolves when the last of its connections has become idle and was closed. */
function holding(idleAfterMs: number) {
  const start = Date.now()
  const { promise, resolve } = Promise.withResolvers<void>()
  const closeIdleConnections = () => {
    if (Date.now() - start >= idleAfterMs) resolve()
  }
  return { close: () => promise, server: { closeIdleConnections } }
}

function ending(options: { drainMs?: number; servers?: ReturnType<typeof holding>[] }) {
  const order: string[] = []
  const lifecycle = { draining: false }
  const onSignal = shutdown({
    lifecycle,
    drainMs: options.drainMs ?? 0,
    servers: options.servers ?? [holding(0)],
    afterwards: [{ close: () => order.push('redis closed') }],
    log: pino({ level: 'silent' }),
    exit: (code) => order.push(`exit ${code}`),
  })
  return { onSignal, order, lifecycle }
}

it('drains for the whole time before it closes anything', async () => {
  const end = ending({ drainMs: 3000 })
  void end.onSignal('SIGTERM')
  expect(end.lifecycle.draining).toBe(true)
  await vi.advanceTimersByTimeAsync(2999)
  expect(end.order).toEqual([])
  await vi.advanceTimersByTimeAsync(100)
  expect(end.order).toEqual(['redis closed', 'exit 0'])
})

it('waits for what is under way, however its connection is kept, and closes Redis only then', async () => {
  const end = ending({ servers: [holding(5000), holding(0)] })
  void end.onSignal('SIGTERM')
  await vi.advanceTimersByTimeAsync(4900)
  expect(end.order).toEqual([])
  await vi.advanceTimersByTimeAsync(200)
  expect(end.order).toEqual(['redis closed', 'exit 0'])
})

it('cuts off what has not finished after 10 s, with exit code 1', async () => {
  const end = ending({ servers: [holding(Number.POSITIVE_INFINITY)] })
  void end.onSignal('SIGINT')
  await vi.advanceTimersByTimeAsync(9900)
  expect(end.order).toEqual([])
  await vi.advanceTimersByTimeAsync(200)
  expect(end.order).toEqual(['exit 1'])
})
