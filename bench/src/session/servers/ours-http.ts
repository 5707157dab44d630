// @session-cluster/session without a framework, in memory.
import { createServer } from 'node:http'
import { createSessions, memoryStore, type Session, withSessions } from '@session-cluster/session/http'
import { announceServer, answer, seeded } from './listen.ts'

interface Attributes {
  q: string
  user: string
  counter: number
}

const sessions = createSessions<Attributes>({ store: memoryStore(), cookie: { secure: false } })
let written = 0

async function act(url: string | undefined, session: Session<Attributes>): Promise<object> {
  if (url === '/untouched') return { q: seeded }
  if (url === '/read') return { q: (await session.get('q')) ?? null }
  if (url === '/counter') return { counter: (await session.get('counter')) ?? null }
  if (url === '/rotate') await session.rotate()
  if (url === '/write') await session.set('counter', ++written)
  if (url === '/begin') {
    await session.set('q', seeded)
    await session.set('user', 'u1')
    await session.set('counter', 0)
  }
  return { ok: true }
}

announceServer(
  createServer(
    withSessions(sessions, async (request, response, session) => answer(response, await act(request.url, session))),
  ),
)
