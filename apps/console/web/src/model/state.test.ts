import type { Outcome } from '@session-cluster/contract'
import { describe, expect, it } from 'vitest'
import type { Frame } from '../../../wire/frame.ts'
import type { Notice, RequestRecord } from '../../../wire/record.ts'
import { apply, emptyState, logLimit, stripLimit } from './state.ts'

const record = (seq: number, outcome: Outcome = 'found', user = 'Alice'): RequestRecord => ({
  seq,
  lane: 'sticky',
  user,
  action: 'open',
  at: seq,
  ms: 1,
  status: 200,
  node: 'a',
  direct: false,
  hops: [],
  outcome,
  why: [],
})
const notice = (seq: number, mark = true): Notice => ({
  seq,
  at: seq,
  lane: 'sticky',
  key: 'node.crash',
  tone: 'bad',
  mark,
})
const frame = (part: Partial<Frame>): Frame => ({ full: false, records: [], notices: [], skipped: 0, ...part })

describe('apply', () => {
  it('puts requests and notices in the order in which they happened', () => {
    const state = apply(emptyState, frame({ records: [record(1), record(3)], notices: [notice(2)] }))
    expect(state.log.map(({ seq, kind }) => [seq, kind])).toEqual([
      [1, 'request'],
      [2, 'notice'],
      [3, 'request'],
    ])
  })

  it('knows each user’s last request although the log does not go back to it', () => {
    const idle = record(1, 'lost', 'Erin')
    const state = apply(emptyState, frame({ full: true, latest: [idle, record(7)], records: [record(7), record(8)] }))
    expect(state.latest).toEqual({ 'sticky/Erin': idle, 'sticky/Alice': record(8) })
    expect(state.log.map(({ seq }) => seq)).toEqual([7, 8])
  })

  it('keeps what a frame does not mention', () => {
    const clock = { running: true, rate: 10 }
    const state = apply(apply(emptyState, frame({ clock })), frame({ records: [record(1)] }))
    expect(state.clock).toEqual(clock)
    expect(state.connection).toBe('live')
  })

  it('starts over with a full frame, and goes on counting what was skipped', () => {
    const before = apply(emptyState, frame({ records: [record(1)], skipped: 5 }))
    const after = apply(before, frame({ full: true, records: [record(9)], skipped: 2 }))
    expect(after.log.map(({ seq }) => seq)).toEqual([9])
    expect(after.skipped).toBe(7)
  })

  it('remembers each user’s last request in each lane', () => {
    const state = apply(emptyState, frame({ records: [record(1), record(2, 'lost'), record(3, 'miss', 'Bob')] }))
    expect(state.latest['sticky/Alice']?.outcome).toBe('lost')
    expect(state.latest['sticky/Bob']?.outcome).toBe('miss')
  })

  it('draws only what could be judged, with marks between the bars', () => {
    const records = [record(1), record(2, 'fresh'), record(3, 'none'), record(5, 'error')]
    const state = apply(emptyState, frame({ records, notices: [notice(4), notice(6, false)] }))
    expect(state.strips.sticky).toEqual([
      { outcome: 'found', seq: 1 },
      { mark: 'node.crash', seq: 4 },
      { outcome: 'error', seq: 5 },
    ])
  })

  it('stays bounded however long it runs', () => {
    let state = emptyState
    for (let seq = 0; seq < 5000; seq += 2)
      state = apply(state, frame({ records: [record(seq)], notices: [notice(seq + 1)] }))
    expect(state.log).toHaveLength(logLimit)
    expect(state.strips.sticky?.filter((item) => 'outcome' in item)).toHaveLength(stripLimit)
  })

  it('never changes the state that it was given', () => {
    const before = apply(emptyState, frame({ records: [record(1)] }))
    const copy = structuredClone(before)
    apply(before, frame({ records: [record(2)], notices: [notice(3)] }))
    expect(before).toEqual(copy)
  })
})
