import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createServer2 } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { createSessions, memoryStore, type SessionStore, type Sessions, withSessions } from '../../src/http.ts'
import { type Answer, type Ask, ask } from './client.ts'
import { ask2 } from './client2.ts'
import { type Middleware, middlewares, through } from './middlewares.ts'
import type { Note, Program } from './programs.ts'

/** The attributes of these sessions: any. */
export type Any = Record<string, unknown>

/** What a handler does to its session before it answers. */
export const actions: Readonly<
  Record<string, { known?: boolean; act(session: ReturnType<Sessions<Any>['of']>): unknown }>
> = {
  untouched: { act: () => {} },
  read: { act: (session) => session.get('q') },
  'read, known': { known: true, act: (session) => session.get('q') },
  'written, new': { act: (session) => session.set('q', 1) },
  'written, known': { known: true, act: (session) => session.set('q', Math.random()) },
  'written, not awaited': {
    act: (session) => void session.update('n', (n) => turn(Number(n ?? 0) + 1)),
  },
  rotated: { known: true, act: (session) => session.rotate({ user: 'ada' }) },
  invalidated: { known: true, act: (session) => session.invalidate() },
}

/** Sessions whose store answers in a later turn, as one over a network does. */
export function slowSessions(): Sessions<Any> {
  const inner = memoryStore({ sweepEveryMs: 0 })
  const later = <G extends unknown[], T>(call: (...given: G) => T | Promise<T>) => {
    return async (...given: G): Promise<T> => {
      await turn()
      return call(...given)
    }
  }
  const store: SessionStore = {
    load: later((...given: Parameters<SessionStore['load']>) => inner.load(...given)),
    commit: later((...given: Parameters<SessionStore['commit']>) => inner.commit(...given)),
    destroy: later((...given: Parameters<SessionStore['destroy']>) => inner.destroy(...given)),
    ofUser: (...given) => inner.ofUser(...given),
    list: (...given) => inner.list(...given),
    [Symbol.asyncDispose]: () => inner[Symbol.asyncDispose](),
  }
  return createSessions<Any>({ store, cookie: { secure: false } })
}

/** One cell of the matrix: a program behind middlewares, and what it does to its session. */
export interface Cell {
  readonly name: string
  readonly program: Program
  readonly action: string
  readonly middleware?: string | undefined
  /** Whether the middleware stands inside of ours. */
  readonly inside?: boolean
}

/** What is seen of one request, by its client and by its handler. */
export interface Seen {
  readonly answer: Answer
  readonly notes: readonly (readonly [string, unknown])[]
}

/** A server that runs one cell after the other, with our sessions and without. */
export interface Rig extends AsyncDisposable {
  /** How the two differ; `undefined` when they do not. */
  compare(cell: Cell): Promise<{ without: unknown; with: unknown } | undefined>
}

type Listener = (request: IncomingMessage, response: ServerResponse) => void

/** Starts such a server, of HTTP/1 or HTTP/2. */
export async function startRig({ http2 = false } = {}): Promise<Rig> {
  const asking = http2 ? ask2 : ask
  const sessions = slowSessions()
  let listener: Listener = () => {}
  const serve: Listener = (request, response) => listener(request, response)
  const server = http2 ? createServer2(serve as never) : createServer(serve)
  server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
    response.writeContinue()
    listener(request, response)
  })
  server.listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as AddressInfo
  const without = new Map<string, Seen>()

  async function see(cell: Cell, ours: boolean): Promise<Seen> {
    const notes: [string, unknown][] = []
    const cookie: Record<string, string> = {}
    if (ours && actions[cell.action]?.known) {
      listener = begin(sessions)
      cookie.cookie = String((await asking(port, {})).setCookies[0]?.split(';')[0])
    }
    const [closed, settled] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    const note: Note = (...given) => void notes.push(given as [string, unknown])
    const serve = listenerOf(cell, ours ? sessions : undefined, note, settled.resolve)
    listener = (request, response) => {
      response.once('close', closed.resolve)
      serve(request, response)
    }
    const asked: Ask = {
      ...cell.program.ask,
      headers: { 'accept-encoding': 'gzip', ...cookie, ...cell.program.ask?.headers },
    }
    const answer = await asking(port, asked, ours ? 3000 : 5000)
    if (answer.end !== 'hangs') await Promise.all([closed.promise, settled.promise])
    return { answer, notes }
  }

  return {
    async compare(cell) {
      const key = `${cell.name} ${cell.middleware} ${cell.inside}`
      const plain = without.get(key) ?? (await see(cell, false))
      without.set(key, plain)
      const [left, right] = comparable(plain, await see(cell, true))
      return isDeepStrictEqual(left, right) ? undefined : { without: left, with: right }
    },
    async [Symbol.asyncDispose]() {
      if ('closeAllConnections' in server) server.closeAllConnections()
      server.close()
    },
  }
}

function listenerOf(
  { program, action, middleware, inside }: Cell,
  sessions: Sessions<Any> | undefined,
  note: Note,
  settled: () => void,
): Listener {
  const ours: Middleware[] = sessions
    ? [(request, response, next) => withSessions(sessions, () => next())(request, response)]
    : []
  const theirs = middleware ? [(middlewares[middleware] as (note: Note) => Middleware)(note)] : []
  const stack = inside ? [...ours, ...theirs] : [...theirs, ...ours]
  return (request, response) => {
    const handle = async (): Promise<void> => {
      if (sessions) await actions[action]?.act(sessions.of(request))
      else await turn()
      await program.run(response, note, request)
    }
    const last = () =>
      void handle()
        .catch((error) => note('rejected', String(error)))
        .finally(settled)
    through(stack, last, request, response)
  }
}

/** Gives the client a session. */
const begin = (sessions: Sessions<Any>): Listener =>
  withSessions(sessions, async (_request, response, session) => {
    await session.set('q', 0)
    response.end()
  })

/** Leaves out what sessions add rightly: their own cookie, and `no-store` beside it. */
export function comparable(without: Seen, ours: Seen): [unknown, unknown] {
  const given = ours.answer.setCookies.some((line) => line.startsWith('SESSION='))
  const reduce = ({ answer, notes }: Seen) => ({
    ...answer,
    headers: given ? answer.headers.filter((line) => !line.startsWith('cache-control: ')) : answer.headers,
    setCookies: answer.setCookies.filter((line) => !line.startsWith('SESSION=')),
    notes: notes.filter(([what]) => what !== 'drain'),
  })
  return [reduce(without), reduce(ours)]
}
