import type { TcpProxy } from '@session-cluster/cluster'
import type { VirtualUser } from '@session-cluster/visitor'
import { expect, it } from 'vitest'
import { oneRound } from './c6-store-hop.ts'

it('takes memory and the delays in turns within each round, each round starting with another', async () => {
  const order: string[] = []
  const user = { ask: async () => ({ status: 200 }) } as unknown as VirtualUser
  const lab = {
    repeats: 5,
    signal: new AbortController().signal,
    size: () => 1,
    progress: () => {},
    record: ({ step, delayMs, kind }: Record<string, unknown>) => {
      if (kind === 'read') order.push(step === 'memory' ? 'memory' : `delay${delayMs}`)
    },
  } as unknown as Parameters<typeof oneRound>[0]
  const contenders = { inMemory: user, inRedis: user, link: { roundTrips: 0, latencyMs: 0 } as TcpProxy }
  for (const round of [0, 1]) await oneRound(lab, contenders, round)
  expect(order.slice(0, 5)).toEqual(['memory', 'delay0', 'delay1', 'delay5', 'delay20'])
  expect(order.slice(5)).toEqual(['delay0', 'delay1', 'delay5', 'delay20', 'memory'])
})
