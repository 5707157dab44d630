import { noTotals } from '@session-cluster/contract'
import { describe, expect, it } from 'vitest'
import type { LaneView } from '../../../wire/frame.ts'
import type { LaneId, RequestRecord } from '../../../wire/record.ts'
import type { PageState } from '../model/state.ts'
import { pictureOf } from './picture.ts'

/** How the picture says that a found session came about: its `did.` word. */
function didOf(mode: LaneId, session: Partial<RequestRecord['session']>): string | undefined {
  const lane = { id: mode, mode, url: '', nodes: [], share: {}, totals: noTotals() } as unknown as LaneView
  const record = { seq: 1, lane: mode, user: 'Alice', outcome: 'found', node: 'a', status: 200, why: [], session }
  const users = [{ name: 'Alice', active: true, lanes: {} }]
  const state = { users, lanes: [lane], logins: {} } as unknown as PageState
  const shown = { [`${mode}/Alice`]: record as unknown as RequestRecord }
  return pictureOf(lane, state, shown, { user: 'Alice', focus: undefined }).visits[0]?.did
}

describe('a picture', () => {
  it('says where a found session was: held by its server, asked of Redis, or in memory beside Redis', () => {
    expect([
      didOf('sticky', { storeRoundTrips: 0 }),
      didOf('clustered', { storeRoundTrips: 1 }),
      didOf('hybrid', { storeRoundTrips: 1 }),
      didOf('hybrid', { storeRoundTrips: 0, fromMemory: true }),
    ]).toEqual(['holds', 'asked', 'asked', 'memory'])
  })
})
