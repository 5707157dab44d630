import { createServer } from 'node:http'
import { connections } from '@session-cluster/visitor'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { LaneTarget } from './lane-target.ts'
import { lookAgain, lookFor } from './search.ts'
import { newUser, type UserState } from './user-state.ts'

/** A node that answers as `says` tells it to: with the token, with a session that it cannot read, or with nothing. */
let says: 'has' | 'unreadable' | 'has-not' | 'silent' = 'has'
const server = createServer((request, response) => {
  if (says === 'silent') return void response.writeHead(503).end()
  if (request.url === '/whoami') return void response.end(JSON.stringify({ session: says === 'has-not' ? null : {} }))
  if (says === 'has') response.end('token')
  else response.writeHead(404).end()
})
let url = ''
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as { port: number }).port}`
})
afterAll(() => void server.close())

const agent = connections(1)
const lane = (shared: boolean, idleMs = 60_000): LaneTarget => ({
  balancerUrl: url,
  host: 'lane',
  agent,
  cookieName: 'FOO',
  shared,
  lifetime: { idleMs, absoluteMs: Number.POSITIVE_INFINITY },
  nodeUrl: () => url,
  processes: () => [{ name: 'a', incarnation: 1 }],
})
const user = (change: Partial<UserState> = {}): UserState => {
  const one = Object.assign(newUser(), { session: 'kept', token: 'token', usedAt: performance.now() }, change)
  one.jar.set('FOO', 'id')
  return one
}

it.each([
  ['has', 'miss'],
  ['unreadable', 'unreadable'],
  ['has-not', 'lost'],
] as const)('a session that a node %s is %s', async (word, outcome) => {
  says = word
  expect((await lookFor(lane(true), user(), 'id', undefined)).outcome).toBe(outcome)
})

it('is not called lost while a node that may hold it does not answer: where all share them, each may', async () => {
  says = 'silent'
  expect(await lookFor(lane(true), user(), 'id', undefined)).toMatchObject({ outcome: 'miss', holder: 'a' })
  const home = { node: 'a', incarnation: 1 }
  expect(await lookFor(lane(false), user({ home }), 'id', undefined)).toMatchObject({ outcome: 'miss', holder: 'a' })
  const elsewhere = { node: 'b', incarnation: 1 }
  expect(await lookFor(lane(false), user({ home: elsewhere }), 'id', undefined)).toMatchObject({ outcome: 'lost' })
})

it('has not lost a session whose own time was over: it has ended, and its user has none', async () => {
  says = 'has-not'
  const late = user({ usedAt: performance.now() - 61_000 })
  expect(await lookFor(lane(true), late, 'id', undefined)).toEqual({ outcome: 'none', ended: true })
  expect(late.session).toBe('none')
})

it('hears after a change of codec what can be read, though nobody asks for it', async () => {
  const one = user()
  says = 'unreadable'
  await lookAgain(lane(true), one)
  expect(one.session).toBe('unreadable')
  says = 'has'
  await lookAgain(lane(true), one)
  expect(one.session).toBe('kept')
})
