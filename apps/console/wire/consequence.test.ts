import type { Mode } from '@session-cluster/contract'
import { foundPercent, isShared, modes, noTotals } from '@session-cluster/contract'
import { describe, expect, it } from 'vitest'
import { consequence } from './consequence.ts'
import { type LaneView, type NodeView, nodeActions, type UserView } from './frame.ts'

const names = ['Alice', 'Bob', 'Carol', 'Dave', 'Erin', 'Frank', 'Grace', 'Heidi', 'Ivan']
const lane = (mode: Mode): LaneView => ({
  id: mode,
  mode,
  state: 'ready',
  on: true,
  attached: false,
  url: '',
  cookieName: 'SESSION',
  policy: 'plain',
  since: 0,
  gone: 0,
  noticed: 0,
  totals: noTotals(),
  share: {},
  disabled: {},
  nodes: ['a', 'b', 'c'].map(
    (name, index): NodeView => ({
      name,
      url: '',
      state: 'up',
      process: 'running',
      weight: 1,
      inFlight: 0,
      rate: 0,
      answers: { ok: 0, client: 0, server: 0 },
      requests: 0,
      redispatches: 0,
      holds: isShared(mode) ? [] : names.filter((_, i) => i % 3 === index),
      pinned: [],
      found: 0,
      missed: 0,
      gone: 0,
      slowMs: 0,
    }),
  ),
})
const users: UserView[] = names.map((name) => ({
  name,
  active: true,
  lanes: {
    local: { cookie: true, session: 'kept' },
    sticky: { cookie: true, session: 'kept' },
    clustered: { cookie: true, session: 'kept' },
    hybrid: { cookie: true, session: 'kept' },
  },
}))

describe('consequence', () => {
  it('counts who will lose their session with a node', () => {
    expect(consequence('crash', lane('sticky'), users, 'b')).toMatchObject({
      key: 'crash.memory',
      losing: 3,
      values: { n: 3, all: 9, node: 'b' },
    })
    expect(consequence('crash', lane('clustered'), users, 'b')).toMatchObject({ key: 'crash.shared', losing: 0 })
  })

  it('costs nobody a session in any mode with Redis, whatever is done to a server', () => {
    for (const mode of modes.filter(isShared))
      for (const action of nodeActions) expect(consequence(action, lane(mode), users, 'b').losing, mode).toBe(0)
  })

  it('says that a server’s memory goes on answering while Redis is frozen, and not once it is gone', () => {
    const keys = (mode: Mode) =>
      (['redis-freeze', 'redis-stop'] as const).map((action) => consequence(action, lane(mode), users).key)
    expect(keys('clustered')).toEqual(['redis-freeze', 'redis-stop'])
    expect(keys('hybrid')).toEqual(['redis-freeze.hybrid', 'redis-stop'])
  })

  it('says of local what a round robin makes of it: there nobody is anyone’s own', () => {
    const key = (action: 'drain' | 'freeze' | 'maintenance', mode: Mode) =>
      consequence(action, lane(mode), users, 'b').key
    expect([key('drain', 'local'), key('drain', 'sticky'), key('drain', 'clustered')]).toEqual([
      'drain.local',
      'drain',
      'drain.shared',
    ])
    expect([key('freeze', 'local'), key('freeze', 'sticky')]).toEqual(['freeze.local', 'freeze.memory'])
    expect([key('maintenance', 'sticky'), key('maintenance', 'clustered')]).toEqual([
      'maintenance.memory',
      'maintenance',
    ])
  })

  it('counts everybody for a rolling restart, and nobody where Redis keeps the sessions', () => {
    expect(consequence('rolling', lane('local'), users)).toMatchObject({ losing: 9, values: { n: 9 } })
    expect(consequence('rolling', lane('clustered'), users)).toMatchObject({ losing: 0 })
  })

  it('does not count who has lost already, or has no cookie', () => {
    const some = users.map(
      (user, i): UserView =>
        i === 0
          ? { ...user, lanes: { sticky: { cookie: false, session: 'none' } } }
          : i === 1
            ? { ...user, lanes: { sticky: { cookie: true, session: 'gone' } } }
            : user,
    )
    expect(consequence('crash', lane('sticky'), some, 'b')).toMatchObject({ losing: 2, values: { n: 2, all: 7 } })
  })

  it.each(['crashed', 'stopped', 'starting'] as const)(
    'says that nothing more is lost with a server that is %s, whatever is done to it',
    (process) => {
      const sound = lane('sticky')
      const broken: LaneView = {
        ...sound,
        nodes: sound.nodes.map((node) => (node.name === 'b' ? { ...node, state: 'down', process } : node)),
      }
      const held = sound.nodes.find(({ name }) => name === 'b')?.holds ?? []
      const after = users.map(
        (user): UserView =>
          held.includes(user.name) ? { ...user, lanes: { sticky: { cookie: true, session: 'gone' } } } : user,
      )
      for (const action of nodeActions) {
        const what = consequence(action, broken, after, 'b')
        expect(what, action).toMatchObject({ losing: 0, values: { n: 0, all: 6 } })
        expect(what.key, action).toBe(action === 'restart' ? 'restart.gone' : 'gone')
      }
      const inRedis = { ...broken, id: 'clustered', mode: 'clustered' } as const
      expect(consequence('restart', inRedis, users, 'b')).toMatchObject({ key: 'restart.gone.shared', losing: 0 })
      expect(consequence('remove', broken, after, 'b')).toMatchObject({ key: 'remove.gone', losing: 0 })
      expect(consequence('rolling', broken, after)).toMatchObject({ losing: 6, values: { n: 6, all: 6 } })
      expect(consequence('crash', broken, after, 'a')).toMatchObject({ losing: 3, values: { n: 3, all: 6 } })
    },
  )

  it('still counts what a frozen server holds: it is all there until the process ends', () => {
    const sound = lane('local')
    const frozen: LaneView = {
      ...sound,
      nodes: sound.nodes.map((node) => (node.name === 'b' ? { ...node, state: 'down', process: 'frozen' } : node)),
    }
    expect(consequence('crash', frozen, users, 'b')).toMatchObject({ key: 'crash.memory', losing: 3 })
    expect(consequence('restart', frozen, users, 'b')).toMatchObject({ key: 'restart.memory', losing: 3 })
  })

  it('speaks of a server’s users only where it has some: none is kept by a server whose sessions are in Redis', () => {
    expect(consequence('drain', lane('sticky'), users, 'b')).toMatchObject({ key: 'drain', values: { n: 3 } })
    expect(consequence('drain', lane('clustered'), users, 'b').key).toBe('drain.shared')
  })

  it('names the server that would come, and leaves lanes without Redis alone', () => {
    expect(consequence('add', lane('local'), users)).toMatchObject({ key: 'add.local', values: { next: 'd' } })
    expect(consequence('redis-stop', lane('sticky'), users).key).toBe('redis.unaffected')
  })
})

describe('foundPercent', () => {
  it('never rounds up to a hundred, and says nothing of nothing', () => {
    expect(foundPercent(noTotals())).toBeUndefined()
    expect(foundPercent({ ...noTotals(), found: 999, lost: 1 })).toBe(99)
    expect(foundPercent({ ...noTotals(), found: 5, fresh: 100, none: 3 })).toBe(100)
  })
})
