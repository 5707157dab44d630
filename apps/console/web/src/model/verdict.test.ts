import type { Outcome } from '@session-cluster/contract'
import { describe, expect, it } from 'vitest'
import type { UserView } from '../../../wire/frame.ts'
import type { RequestRecord } from '../../../wire/record.ts'
import { fallen, type Shown, verdictOf } from './verdict.ts'

const user = (name: string, session: 'none' | 'kept' | 'unreadable' | 'gone'): UserView => ({
  name,
  active: true,
  lanes: { sticky: { cookie: true, session } },
})
const shown = (outcomes: Readonly<Record<string, Outcome>>): Shown =>
  Object.fromEntries(
    Object.entries(outcomes).map(([name, outcome]) => [`sticky/${name}`, { outcome } as RequestRecord]),
  )

describe('the number at a lane’s head', () => {
  const kept = [user('A', 'kept'), user('B', 'kept'), user('C', 'kept')]

  it('says who is logged in while nobody has asked for anything', () => {
    expect(verdictOf('sticky', kept, shown({ A: 'fresh' }), false)).toEqual({
      mark: undefined,
      n: 3,
      all: 3,
      says: 'loggedIn',
    })
  })

  it('says who of those that asked found their session', () => {
    const some = shown({ A: 'found', B: 'miss', C: 'fresh' })
    expect(verdictOf('sticky', kept, some, false)).toEqual({ mark: 'miss', n: 1, all: 2, says: 'found' })
  })

  it('counts who has noticed a loss, and never who has not', () => {
    const users = [user('A', 'gone'), user('B', 'gone'), user('C', 'kept')]
    const one = shown({ A: 'lost', B: 'found', C: 'found' })
    expect(verdictOf('sticky', users, one, true)).toEqual({ mark: 'lost', n: 1, all: 3, says: 'loggedOut' })
    expect(fallen('sticky', users, one).map(({ name }) => name)).toEqual(['A'])
  })

  it('is good in a lane that lost nothing while another did', () => {
    expect(verdictOf('sticky', kept, shown({ A: 'found' }), true)).toMatchObject({
      mark: 'found',
      n: 0,
      says: 'loggedOut',
    })
  })

  it('keeps what cannot be read, and an error, apart from a loss', () => {
    const users = [user('A', 'unreadable'), user('B', 'kept')]
    expect(verdictOf('sticky', users, shown({ A: 'unreadable' }), false)).toMatchObject({ mark: 'unreadable', n: 1 })
    expect(verdictOf('sticky', users, shown({ B: 'error' }), true)).toMatchObject({
      mark: 'error',
      n: 1,
      says: 'error',
    })
  })
})
