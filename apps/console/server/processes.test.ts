import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { LaneHost } from './lane-host.ts'
import { Processes } from './processes.ts'

/** Somebody else's processes: all that is known of them is what they say. */
const host = {
  attached: true,
  nodes: () => [{ name: 'a', url: '', adminUrl: '' }],
  stateOf: () => undefined,
  onState: () => () => undefined,
} as unknown as LaneHost

beforeEach(() => void vi.useFakeTimers({ toFake: ['Date', 'performance'] }))
afterEach(() => void vi.useRealTimers())

describe('a process in a container, whose pid is always 1', () => {
  it('is the same one however the time of day is corrected', () => {
    const processes = new Processes(host, () => undefined)
    processes.inspected('a', { pid: 1, uptimeMs: 10_000 })
    const before = processes.incarnation('a')
    for (const jump of [3_600_000, -7_200_000]) {
      vi.setSystemTime(Date.now() + jump)
      processes.inspected('a', { pid: 1, uptimeMs: 10_000 })
      expect(processes.incarnation('a')).toBe(before)
    }
  })

  it('is another one once it began anew', () => {
    const processes = new Processes(host, () => undefined)
    processes.inspected('a', { pid: 1, uptimeMs: 10_000 })
    const before = processes.incarnation('a')
    vi.advanceTimersByTime(1000)
    processes.inspected('a', { pid: 1, uptimeMs: 200 })
    expect(processes.incarnation('a')).toBe(before + 1)
  })
})
