import { expect, it } from 'vitest'
import { Losses } from './losses.ts'
import type { Processes } from './processes.ts'
import { newUser, type UserState } from './user-state.ts'

/** Three users, two of them at home on b. */
function lane(shared = false) {
  const dead = new Set<string>()
  const processes = {
    lives: ({ node }: { node: string }) => !dead.has(node),
    isDead: (node: string) => dead.has(node),
  } as unknown as Processes
  const at = (node: string): UserState =>
    Object.assign(newUser(), { session: 'kept', home: { node, incarnation: 1 } } as const)
  const users = new Map([
    ['Alice', at('a')],
    ['Bob', at('b')],
    ['Erin', at('b')],
  ])
  return { dead, users, losses: new Losses(processes, () => users, shared) }
}

it('counts a session as gone when its process is, before anybody asks for it, and only once', () => {
  const { dead, users, losses } = lane()
  dead.add('b')
  losses.look()
  losses.look()
  expect(losses).toMatchObject({ gone: 2, noticed: 0 })
  expect(losses.goneWith('b')).toBe(2)
  expect(losses.victims('b')).toEqual(['Bob', 'Erin'])
  expect([...users.values()].map(({ session }) => session)).toEqual(['kept', 'gone', 'gone'])
})

it('counts who has noticed apart from what is gone', () => {
  const { dead, users, losses } = lane()
  dead.add('b')
  losses.look()
  const bob = users.get('Bob') as UserState
  losses.answered(bob, { outcome: 'lost', overwrote: false })
  losses.answered(bob, { outcome: 'lost', overwrote: false })
  expect(losses).toMatchObject({ gone: 2, noticed: 1 })
})

it('remembers what is gone when its user has a new session, and who it was until the server runs again', () => {
  const { dead, users, losses } = lane()
  dead.add('b')
  losses.look()
  users.set('Bob', newUser())
  losses.look()
  expect(losses.gone).toBe(2)
  expect(losses.victims('b')).toEqual(['Bob', 'Erin'])
  dead.clear()
  losses.begun('b')
  expect(losses.victims('b')).toEqual([])
  expect(losses.goneWith('b')).toBe(2)
})

it('loses nothing with a process where all share the sessions, and hears of a loss by its user there', () => {
  const { dead, users, losses } = lane(true)
  dead.add('b')
  losses.look()
  expect(losses.gone).toBe(0)
  losses.answered(users.get('Bob') as UserState, { outcome: 'lost', overwrote: false })
  expect(losses).toMatchObject({ gone: 1, noticed: 1 })
  expect(losses.goneWith('b')).toBe(0)
})

it('counts a cookie that was overwritten as gone, though its server still has the session', () => {
  const { users, losses } = lane()
  losses.answered(users.get('Alice') as UserState, { outcome: 'miss', overwrote: true })
  losses.answered(users.get('Alice') as UserState, { outcome: 'lost', overwrote: false })
  expect(losses).toMatchObject({ gone: 1, noticed: 1 })
  expect(losses.goneWith('a')).toBe(0)
})
