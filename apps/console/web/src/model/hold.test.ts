import { describe, expect, it } from 'vitest'
import { heldFrom, letIn, waitingFor } from './hold.ts'
import type { Entry } from './state.ts'

const log = (...seqs: number[]): Entry[] =>
  seqs.map((seq) => ({ kind: 'notice', seq, at: seq, lane: 'local', key: 'node.crash', tone: 'bad' }))
const seqs = (entries: readonly Entry[]) => entries.map(({ seq }) => seq)

describe('a log that is held', () => {
  const held = heldFrom({ run: 1, log: log(7, 8) })

  it('says what came since, and lets it in one by one', () => {
    const live = { run: 1, log: log(8, 9, 10) }
    expect(seqs(waitingFor(held, live))).toEqual([9, 10])
    const stepped = letIn(held, live)
    expect(seqs(stepped.entries)).toEqual([7, 8, 9])
    expect(seqs(waitingFor(stepped, live))).toEqual([10])
  })

  it('lets nothing in when nothing waits', () => {
    expect(letIn(held, { run: 1, log: log(7, 8) })).toBe(held)
  })

  it('over a restart of the server, whose numbers start over: everything since then waits', () => {
    const live = { run: 2, log: log(1, 2) }
    expect(seqs(waitingFor(held, live))).toEqual([1, 2])
    const stepped = letIn(held, live)
    expect(seqs(stepped.entries)).toEqual([7, 8, 1])
    expect(seqs(waitingFor(stepped, live))).toEqual([2])
  })

  it('before anything has happened: all that comes waits', () => {
    expect(seqs(waitingFor(heldFrom({ run: 1, log: [] }), { run: 1, log: log(1) }))).toEqual([1])
  })
})
