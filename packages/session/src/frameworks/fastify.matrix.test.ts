import { once } from 'node:events'
import { Agent, request as httpRequest, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import { describe, expect, it } from 'vitest'
import type { Any } from '../../test/app.ts'
import { watchForDeaths } from '../../test/deaths.ts'
import { type Act, cells, type Deed, deeds, matrixApp, type Trace, ways } from '../../test/fastify-matrix.ts'
import { flakyStore } from '../../test/flaky-store.ts'
import { redisRig } from '../../test/redis-rig.ts'
import { fastifySyncSessions } from '../fastify-session.ts'
import { createSessions, fastifySessions, type SessionStore, type Sessions } from '../index.ts'
import { redisStore } from '../store/redis/redis.ts'

/**
 * The same application without sessions says what is right: for every way to answer, in every place, whatever the
 * request does with its session meanwhile.
 */

interface Answer {
  readonly status: number
  readonly body: string
  readonly headers: Record<string, unknown>
  readonly cookies: readonly string[]
  readonly trace: readonly string[]
  readonly deaths: readonly string[]
}

const { deaths } = watchForDeaths()

/** Sends one request and tells all that came of it, later hooks and what would have ended the process included. */
async function ask(app: FastifyInstance, trace: Trace, url: string, headers: Record<string, string>): Promise<Answer> {
  const { port } = app.server.address() as AddressInfo
  const seen: string[] = []
  trace.set('cell', seen)
  deaths.length = 0
  const answer = await new Promise<{ status: number; headers: IncomingMessage['headers']; body: string }>((resolve) => {
    const none = (error: unknown) => resolve({ status: 0, headers: {}, body: String((error as Error).message) })
    const options = { port, path: url, agent, headers: { 'x-cell': 'cell', ...headers }, timeout: 400 }
    httpRequest(options, async (response) => {
      const chunks: Buffer[] = []
      response.on('error', () => {}).on('data', (chunk) => chunks.push(chunk))
      await new Promise((ended) => response.once('close', ended))
      const cut = response.complete ? '' : ' (cut)'
      resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) + cut })
    })
      .on('error', none)
      .on('timeout', function (this: { destroy(error: Error): void }) {
        this.destroy(new Error('hangs'))
      })
      .end()
  })
  for (let i = 0; i < 4; i++) await turn()
  trace.delete('cell')
  const { date: _, 'set-cookie': cookies = [], ...rest } = answer.headers
  return { ...answer, headers: rest, cookies, trace: seen, deaths: [...deaths] }
}
const agent = new Agent({ keepAlive: true })

const budget = process.env.TEST_BUDGET === 'full' ? Number.POSITIVE_INFINITY : 200

/** The same sample each time: every so many cells, beginning somewhere else for each deed. */
function sample<T>(all: readonly T[]): readonly T[] {
  if (all.length <= budget) return all
  let seed = 7
  const next = () => {
    seed = (seed * 48_271) % 2_147_483_647
    return seed / 2_147_483_647
  }
  return all
    .map((value) => ({ value, order: next() }))
    .toSorted((a, b) => a.order - b.order)
    .slice(0, budget)
    .map(({ value }) => value)
}

const stores: Record<string, () => Promise<{ store: SessionStore; close(): Promise<unknown> }>> = {
  memory: async () => ({ store: flakyStore(), close: async () => {} }),
  'a slow store': async () => {
    const store = flakyStore()
    for (const name of ['load', 'commit', 'destroy'] as const) {
      const call = store[name] as (...args: unknown[]) => unknown
      Object.assign(store, { [name]: (...args: unknown[]) => turn().then(() => call(...args)) })
    }
    return { store, close: async () => {} }
  },
  ...(process.env.TEST_BUDGET === 'full'
    ? {
        Redis: async () => {
          const rig = await redisRig()
          const { redisOptions } = await import('../store/redis/options.ts')
          const client = rig.client(redisOptions)
          await once(client, 'ready')
          return { store: redisStore({ client }), close: async () => rig[Symbol.asyncDispose]() }
        },
      }
    : {}),
}

/** An application with and one without sessions, under the same requests. */
async function pair(name: string, waits: boolean) {
  const trace: Trace = new Map()
  const { store, close } = await (stores[name] as () => ReturnType<(typeof stores)[string]>)()
  const kinds = { plain: sessionsOf(store, false), touched: sessionsOf(store, true) }
  let deed: Deed = { act: async () => {} }
  const acting =
    (sessions: Sessions<Any>): Act =>
    (request) =>
      deed.act(sessions.of(request), request)
  const slowly: Act = async () => void (name === 'memory' ? await null : await turn())
  const served = (plugin: typeof fastifySessions | typeof fastifySyncSessions, sessions: Sessions<Any>) =>
    matrixApp(trace, acting(sessions), (scope) => scope.register(plugin as typeof fastifySessions, { sessions }), {
      waits,
    })
  const apps = {
    without: matrixApp(trace, slowly, () => {}, { waits }),
    plain: served(fastifySessions, kinds.plain),
    sync: served(fastifySyncSessions, kinds.plain),
    touched: served(fastifySessions, kinds.touched),
  }
  for (const app of Object.values(apps)) await app.listen({ port: 0, host: '127.0.0.1' })
  const oracle = new Map<string, Promise<Answer>>()
  return {
    /** What Fastify does without us. */
    without: (url: string) => {
      const known = oracle.get(url) ?? ask(apps.without, trace, url, {})
      oracle.set(url, known)
      return known
    },
    with: async (url: string, named: string) => {
      deed = deeds[named] as Deed
      const kind = named === 'a due touch' ? 'touched' : 'plain'
      const app = deed.isSync ? apps.sync : apps[kind]
      const seeded = await seed(kinds[kind])
      const cookie = deed.isNew ? '' : seeded
      const original = deed.fails && store[deed.fails]
      if (deed.fails) Object.assign(store, { [deed.fails]: () => Promise.reject(new Error('down')) })
      const answer = await ask(app, trace, url, cookie ? { cookie } : {})
      if (deed.fails) Object.assign(store, { [deed.fails]: original })
      const given = answer.cookies.find((line) => line.startsWith('SESSION=') && !line.includes('Max-Age=0;'))
      const held = given?.split(';')[0] ?? cookie
      return { answer, after: held === '' ? undefined : await read(kinds[kind], held) }
    },
    async [Symbol.asyncDispose]() {
      for (const app of Object.values(apps)) await app.close()
      await close()
    },
  }
}

function sessionsOf(store: SessionStore, touched: boolean): Sessions<Any> {
  let now = Date.now()
  return createSessions<Any>({
    store,
    breaker: { failures: 0 },
    storeTimeoutMs: 10_000,
    cookie: { secure: false, persistent: touched },
    // No two calls at the same time: a touch is due from one millisecond to the next.
    ...(touched ? { touchEveryMs: 0, now: () => ++now } : {}),
  })
}

/** A session whose `q` is `before`; answers its cookie. */
async function seed(sessions: Sessions<Any>): Promise<string> {
  const session = sessions.begin({ headers: {} }, undefined)
  await session.set('q', 'before')
  await session.commit()
  return `SESSION=${(await session.info())?.id}`
}

const read = (sessions: Sessions<Any>, cookie: string): Promise<unknown> =>
  sessions.begin({ headers: { cookie } }, undefined).get('q')

const settings = Object.keys(stores).flatMap((name) => [false, true].map((waits) => ({ name, waits })))

describe.each(settings)(
  'an application with sessions in $name, its own onSend hook waits: $waits',
  ({ name, waits }) => {
    const all = Object.keys(deeds).flatMap((deed) => cells.map((cell) => ({ ...cell, deed })))
    const chosen =
      name === 'Redis' ? all.filter(({ deed }) => !deeds[deed]?.fails || deed === 'a commit that fails') : all

    it('answers as Fastify does without them, and saves as the README says', async () => {
      await using both = await pair(name, waits)
      const wrong: unknown[] = []
      for (const cell of sample(chosen)) {
        const { place, way, deed } = cell
        const url = `/${place}?way=${encodeURIComponent(way)}`
        const expected = await both.without(url)
        const { answer, after } = await both.with(url, deed)
        try {
          compare(cell, expected, answer, after)
        } catch (error) {
          wrong.push(`${place}, ${way}, ${deed}: ${(error as Error).message}${JSON.stringify([expected, answer])}`)
        }
      }
      expect(wrong).toEqual([])
    }, 600_000)
  },
)

type Cell = (typeof cells)[number] & { readonly deed: string }

function compare({ deed: named, place, way }: Cell, expected: Answer, answer: Answer, after: unknown): void {
  const deed = deeds[named] as Deed
  // On Node 22 plain Fastify itself breaks off when a web Response is sent and another answer follows: ours need not.
  if (way === 'response, no return' && expected.status === 0 && answer.status !== 0) {
    // What comes after the broken answer there is the end of the whole one here.
    const trace = answer.trace.slice(0, expected.trace.length)
    expect({ trace, deaths: answer.deaths }).toEqual({ trace: expected.trace, deaths: [] })
    return
  }
  const { bypasses = false, ...chosen } = ways[way] as (typeof ways)[string]
  // An error while the application's own hook waits is in time to decide the status.
  const fails = chosen.fails || (way === 'send, then throw' && expected.status === 409)
  const stays = expected.status >= 500 || expected.status === 0 || fails || bypasses
  if (deed.fails === 'load' || (deed.fails && !stays)) {
    expect({ status: answer.status, deaths: answer.deaths }).toEqual({ status: 503, deaths: [] })
    // The hook is asked about the refusal, too, and tries to write again.
    const isTooLate = place === 'onSend' && deed.fails === 'commit'
    expect(answer.body).toContain(isTooLate ? 'SESSION_SEALED' : 'SESSION_STORE_FAILED')
    expect(answer.body).not.toContain('secret')
    const behind = answer.trace.slice(answer.trace.indexOf(`${place}!`)).includes('handler')
    expect(behind && (deed.fails === 'load' || !expected.trace.includes('handler'))).toBe(false)
    return
  }
  const cookie = answer.cookies.length > 0
  const { 'cache-control': caching, ...headers } = answer.headers
  const { 'cache-control': own, ...uncached } = expected.headers
  expect({ ...answer, headers, cookies: 0 }).toEqual({ ...expected, headers: uncached, cookies: 0 })
  expect(caching).toBe(cookie ? 'no-store' : own)
  const isSaved = deed.atOnce || !stays
  expect(cookie, 'cookie').toBe(!bypasses && (deed.cookie === 'always' || (deed.cookie === 'saved' && isSaved)))
  if ('saved' in deed && !(deed.isNew && !isSaved)) expect(after, 'saved').toBe(isSaved ? deed.saved : 'before')
}
