import type { UserAction } from '@session-cluster/visitor'
import { describe, expect, it } from 'vitest'
import type { LaneId, RequestRecord } from '../../../wire/record.ts'
import { elsewhere } from './elsewhere.ts'

let seq = 0
const record = (lane: LaneId, at: number, rest: { user?: string; action?: UserAction } = {}): RequestRecord => ({
  seq: ++seq,
  lane,
  user: 'Alice',
  action: 'open',
  at,
  ms: 1,
  status: 200,
  direct: false,
  hops: [],
  outcome: 'found',
  why: [],
  ...rest,
})
const lanes = [{ id: 'local' }, { id: 'sticky' }, { id: 'clustered' }] as const
const looked = (one: RequestRecord, ...others: RequestRecord[]) =>
  elsewhere(one, { lanes, latest: {}, log: [one, ...others].map((entry) => ({ kind: 'request', ...entry })) })

describe('the same action elsewhere', () => {
  it('is the one that was sent at the same time, not the user’s last one there', () => {
    const [mine, same, later] = [record('local', 1000), record('sticky', 1100), record('sticky', 5000)]
    expect(looked(mine, later, same)).toMatchObject([same])
  })

  it('is nowhere when nothing was sent at about that time: a lane that was off, or one that the page has forgotten', () => {
    expect(looked(record('local', 1000), record('sticky', 1400), record('clustered', 600))).toEqual([])
  })

  it('is never another user’s, nor another action, nor anything of a visitor’s', () => {
    expect(
      looked(
        record('local', 1000),
        record('sticky', 1000, { user: 'Bob' }),
        record('clustered', 1000, { action: 'write' }),
      ),
    ).toEqual([])
    const visit = { ...record('local', 1000, { action: 'visit' }), user: undefined } as unknown as RequestRecord
    expect(looked(visit, { ...visit, lane: 'sticky' })).toEqual([])
  })

  it('is found where only the user’s last records are left', () => {
    const [mine, same] = [record('local', 1000), record('clustered', 1010)]
    expect(elsewhere(mine, { lanes, log: [], latest: { 'clustered/Alice': same } })).toEqual([same])
  })
})
