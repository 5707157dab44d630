import Fastify, { type FastifyInstance } from 'fastify'
import {
  createSessions,
  fastifySessions,
  json,
  type Session,
  type Sessions,
  type SessionsOptions,
  springJson,
} from '../src/index.ts'
import { memoryStore } from '../src/store/memory.ts'

/** The attributes of the tests' sessions: any. */
export type Any = Record<string, unknown>

/** A node of the tests. */
export interface TestNode extends AsyncDisposable {
  readonly app: FastifyInstance
  readonly sessions: Sessions<Any>
  /** Adds `GET <url>`, answered with what `act` makes of the session. */
  on(url: string, act: (session: Session<Any>) => unknown): void
}

/** A Fastify app with sessions in memory, unless told otherwise. */
export async function node(options: Partial<SessionsOptions> = {}): Promise<TestNode> {
  const codec = options.store?.plainIds ? springJson() : json()
  const sessions = createSessions<Any>({ store: memoryStore(), codec, ...options })
  const app = Fastify()
  await app.register(fastifySessions, { sessions })
  return {
    app,
    sessions,
    on: (url, act) => void app.get(url, async (request) => ({ value: (await act(sessions.of(request))) ?? null })),
    [Symbol.asyncDispose]: async () => void (await app.close()),
  }
}

/** A clock that stands still until it is moved. */
export function fakeClock(start = 1_754_400_000_000) {
  let now = start
  return {
    now: () => now,
    pass: (ms: number) => {
      now += ms
    },
  }
}

/** A promise that a test opens by hand: what waits for it goes on then. */
export function gate(): { readonly opened: Promise<void>; open(): void } {
  const { promise, resolve } = Promise.withResolvers<void>()
  return { opened: promise, open: resolve }
}
