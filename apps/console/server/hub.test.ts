import { describe, expect, it } from 'vitest'
import type { Frame } from '../wire/frame.ts'
import type { RequestRecord } from '../wire/record.ts'
import { hub, thin } from './hub.ts'

const record = (seq: number, outcome: RequestRecord['outcome'] = 'found'): RequestRecord => ({
  seq,
  lane: 'local',
  user: 'Alice',
  action: 'open',
  at: 0,
  ms: 1,
  status: 200,
  direct: false,
  hops: [],
  outcome,
  why: [],
})
const frame = (...records: RequestRecord[]): Frame => ({ full: false, records, notices: [], skipped: 0 })
const empty: Frame = { full: true, records: [], notices: [], skipped: 0 }

function page() {
  const written: Frame[] = []
  let onDrain: (() => void) | undefined
  const state = { open: true }
  return {
    written,
    state,
    drain() {
      state.open = true
      onDrain?.()
    },
    write(chunk: string) {
      written.push(JSON.parse(chunk.slice('data: '.length)) as Frame)
      return state.open
    },
    once(_event: 'drain', listener: () => void) {
      onDrain = listener
    },
  }
}

describe('hub', () => {
  it('starts a page with a snapshot and then sends what is new', () => {
    const center = hub({ snapshot: () => empty })
    const reader = page()
    const leave = center.join(reader)
    center.send(frame(record(1)))
    leave()
    center.send(frame(record(2)))
    expect(reader.written.map((sent) => [sent.full, sent.records.length])).toEqual([
      [true, 0],
      [false, 1],
    ])
    expect(center.pages).toBe(0)
  })

  it('drops frames for a blocked page alone, then tells it how many records it missed', () => {
    const center = hub({ snapshot: () => empty })
    const slow = page()
    const quick = page()
    center.join(slow)
    center.join(quick)
    slow.state.open = false
    center.send(frame(record(1)))
    for (let seq = 2; seq <= 1000; seq++) center.send(frame(record(seq)))
    expect(slow.written).toHaveLength(2)
    expect(quick.written).toHaveLength(1001)
    slow.drain()
    expect(slow.written.at(-1)).toMatchObject({ full: true, skipped: 999 })
  })

  it('brings a page that missed only figures up to date, and does not say that it missed requests', () => {
    const center = hub({ snapshot: () => empty })
    const slow = page()
    center.join(slow)
    slow.state.open = false
    for (let turn = 0; turn < 10; turn++) center.send(frame())
    slow.drain()
    expect(slow.written.at(-1)).toMatchObject({ full: true, skipped: 0 })
    expect(slow.written).toHaveLength(3)
  })

  it('thins a crowded frame, keeping losses and errors, the order and an honest count', () => {
    const crowd = frame(
      ...Array.from({ length: 100 }, (_, seq) => record(seq, seq === 57 ? 'lost' : seq === 99 ? 'error' : 'found')),
    )
    const kept = thin(crowd, 10)
    expect(kept.records).toHaveLength(10)
    expect(kept.skipped).toBe(90)
    const seqs = kept.records.map(({ seq }) => seq)
    expect(seqs).toContain(57)
    expect(seqs).toContain(99)
    expect(seqs).toEqual(seqs.toSorted((a, b) => a - b))
  })

  it('leaves a small frame as it is', () => {
    const small = frame(record(1))
    expect(thin(small, 40)).toBe(small)
  })
})
