import { Readable } from 'node:stream'
import { ReadableStream } from 'node:stream/web'
import { setImmediate as turn } from 'node:timers/promises'
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import type { SyncSession } from '../src/fastify-session.ts'
import type { Session } from '../src/index.ts'
import type { Any } from './app.ts'

/** Something that a request can do with its session before it answers; without sessions it does nothing, as slowly. */
export type Act = (request: FastifyRequest) => Promise<unknown>

interface Way {
  readonly answer: (reply: FastifyReply) => unknown
  /** Whether it is written with a callback rather than as an async function. */
  readonly callback?: true
  /** Whether Fastify takes it for a failure. */
  readonly fails?: true
  /** Whether the answer goes past Fastify, so that nothing staged can be saved. */
  readonly bypasses?: true
}

const body = { own: 'answer' }
const stream = () => Readable.from(['first ', 'second'])
const webStream = () =>
  new ReadableStream({
    start(controller) {
      controller.enqueue(new TextEncoder().encode('web'))
      controller.close()
    },
  })
const failure = (statusCode: number) => Object.assign(new Error('refused'), { statusCode })

/** Every way to answer that Fastify knows, with and without the `return` that its documentation asks for. */
export const ways = {
  value: { answer: () => body },
  'value null': { answer: () => null },
  nothing: { answer: () => undefined },
  send: { answer: (reply) => void reply.send(body) },
  'return send': { answer: (reply) => reply.send(body) },
  'send, await reply': { answer: async (reply) => void (await reply.send(body)) },
  'send, value': {
    answer: (reply) => {
      void reply.send(body)
      return 'second'
    },
  },
  'send twice': { answer: (reply) => void reply.send(body).send('second') },
  'send, then look': { answer: (reply) => void (reply.send(body).sent || reply.code(404).send('not found')) },
  'send, then look at raw': {
    answer: (reply) => {
      void reply.send(body)
      if (!reply.raw.headersSent && !reply.raw.writableEnded) void reply.code(404).send('not found')
    },
  },
  'send, then throw': {
    answer: (reply) => {
      void reply.send(body)
      throw failure(409)
    },
  },
  redirect: { answer: (reply) => void reply.redirect('/login') },
  'return redirect': { answer: (reply) => reply.redirect('/login') },
  throw: { fails: true, answer: () => Promise.reject(failure(403)) },
  'throw 500': { fails: true, answer: () => Promise.reject(new Error('broken')) },
  'throw no error': { fails: true, answer: () => Promise.reject({ statusCode: 403, message: 'refused' }) },
  'throw text': { fails: true, answer: () => Promise.reject('text') },
  'send error': { fails: true, answer: (reply) => void reply.send(failure(422)) },
  'answer 502': { answer: (reply) => reply.code(502).send(body) },
  stream: { answer: (reply) => reply.send(stream()) },
  'stream, no return': { answer: (reply) => void reply.send(stream()) },
  'stream that fails': {
    answer: (reply) =>
      reply.send(
        new Readable({
          read() {
            this.destroy(failure(410))
          },
        }),
      ),
    fails: true,
  },
  'web stream': { answer: (reply) => reply.send(webStream()) },
  response: { answer: (reply) => reply.send(new Response('web', { status: 203, headers: { 'x-own': '1' } })) },
  'response, no return': { answer: (reply) => void reply.send(new Response('web', { status: 203 })) },
  'response without body': { answer: (reply) => void reply.send(new Response(null, { status: 204 })) },
  'response 502': { answer: (reply) => reply.send(new Response('bad', { status: 502 })) },
  'cacheable response': {
    answer: (reply) => reply.send(new Response('web', { headers: { 'cache-control': 'public, max-age=60' } })),
  },
  cacheable: { answer: (reply) => reply.header('cache-control', 'public').send(body) },
  buffer: { answer: (reply) => void reply.send(Buffer.from('bytes')) },
  empty: { answer: (reply) => void reply.code(204).send() },
  null: { answer: (reply) => void reply.send(null) },
  hijack: { bypasses: true, answer: (reply) => void reply.hijack().raw.end('raw') },
  raw: {
    bypasses: true,
    answer: (reply) => {
      reply.raw.end('raw')
      return reply
    },
  },
  trailers: { answer: (reply) => reply.trailer('x-sum', async () => 'sum').send(body) },
  'early hints': {
    answer: (reply) => {
      reply.writeEarlyHints({ link: '</style.css>; rel=preload' })
      return body
    },
  },
  'call the not-found handler': {
    answer: (reply) => {
      reply.callNotFound()
      return reply
    },
  },
  'response that streams': { answer: (reply) => reply.send(new Response(webStream(), { status: 203 })) },
  'stream that fails late': {
    answer: (reply) =>
      reply.send(
        Readable.from(
          (async function* () {
            yield 'first'
            await turn()
            throw failure(410)
          })(),
        ),
      ),
  },
  'serializer that fails': {
    fails: true,
    answer: (reply) =>
      reply
        .serializer(() => {
          throw failure(409)
        })
        .send(body),
  },
  'hijack, later': {
    bypasses: true,
    answer: (reply) => {
      reply.hijack().raw.write('raw, ')
      setImmediate(() => reply.raw.end('later'))
    },
  },
  'callback send': { callback: true, answer: (reply) => void reply.send(body) },
  'callback redirect': { callback: true, answer: (reply) => void reply.redirect('/login') },
  'callback stream': { callback: true, answer: (reply) => void reply.send(stream()) },
  'callback error': { callback: true, fails: true, answer: (reply) => void reply.send(failure(403)) },
} satisfies Record<string, Way> as Record<string, Way>

/** Something that a request does with its session, and what is to come of it. */
export interface Deed {
  readonly act: (session: Session<Any>, request: FastifyRequest) => Promise<unknown>
  /** What the session's `q` is after the request, if its changes were saved; it is `before` otherwise. */
  readonly saved?: unknown
  /** What was done at once stays done, whatever the answer. */
  readonly atOnce?: true
  /** Whether the response gives or takes the cookie: always, never, or when the change was saved. */
  readonly cookie?: 'always' | 'saved'
  /** For a visitor without a session. */
  readonly isNew?: true
  /** The call of the store that fails meanwhile. */
  readonly fails?: 'load' | 'commit'
  /** Whether it needs `fastifySyncSessions`. */
  readonly isSync?: true
}

/** Everything that a request can do with its session. */
export const deeds: Record<string, Deed> = {
  nothing: { act: async () => {} },
  get: { act: (session) => session.get('q') },
  set: { act: (session) => session.set('q', 'after'), saved: 'after' },
  'set, not awaited': { act: async (session) => void session.set('q', 'after'), saved: 'after' },
  'set, for a visitor': { act: (session) => session.set('q', 'after'), saved: 'after', isNew: true, cookie: 'saved' },
  delete: { act: (session) => session.delete('q'), saved: undefined },
  take: { act: (session) => session.take('q'), saved: undefined },
  update: { act: (session) => session.update('q', () => 'after'), saved: 'after', atOnce: true },
  rotate: { act: (session) => session.rotate({ user: 'ada' }), saved: 'before', cookie: 'saved' },
  invalidate: { act: (session) => session.invalidate(), saved: undefined, atOnce: true, cookie: 'always' },
  commit: {
    act: async (session) => {
      await session.set('q', 'after')
      await session.commit()
    },
    saved: 'after',
    atOnce: true,
  },
  'request.session, in place': {
    act: async (_session, request) => void Object.assign(syncOf(request), { q: 'after' }),
    saved: 'after',
    isSync: true,
  },
  'request.session.regenerate': {
    act: async (_session, request) => {
      await syncOf(request).regenerate(['q'])
    },
    cookie: 'always', // the new one, or the old one taken back
    isSync: true,
  },
  'a due touch': { act: (session) => session.get('q'), cookie: 'always' },
  'a load that fails': { act: (session) => session.get('q'), fails: 'load' },
  'a commit that fails': { act: (session) => session.set('q', 'after'), fails: 'commit' },
}

const syncOf = (request: FastifyRequest) => (request as unknown as { session: SyncSession<Any> }).session

type Place =
  | 'onRequest'
  | 'preParsing'
  | 'preValidation'
  | 'preHandler'
  | 'handler'
  | 'preSerialization'
  | 'onSend'
  | 'errorHandler'
  | 'notFound'

/** The hooks that answer in a request's way before its handler, and so guard it. */
const GUARDS = ['onRequest', 'preParsing', 'preValidation', 'preHandler'] as const
/** Where the answer can only be replaced: by returning another one, or by failing. */
const REPLACING: readonly Place[] = ['preSerialization', 'onSend']
const REPLACEMENTS = ['nothing', 'throw', 'throw 500']

/** Every place that may answer, with the ways that it has. */
export const cells: readonly { readonly place: Place; readonly way: string }[] = (
  [...GUARDS, 'handler', ...REPLACING, 'errorHandler', 'notFound'] as const
).flatMap((place) =>
  Object.keys(ways)
    .filter((way) => !REPLACING.includes(place) || REPLACEMENTS.includes(way))
    .map((way) => ({ place, way })),
)

/** What happened to each request, by the number that it bears in `x-cell`. */
export type Trace = Map<string, string[]>

const cellOf = (request: FastifyRequest) => String(request.headers['x-cell'])

/**
 * The application of the matrix: one route for each place; the way and the session's act are the request's to say.
 * `waits`: it has an `onSend` hook of its own that waits; until that has ended, Fastify itself believes that nobody has
 * answered.
 */
export function matrixApp(
  trace: Trace,
  act: (request: FastifyRequest) => Promise<unknown>,
  prepare: (app: FastifyInstance) => unknown,
  { waits = false, http2 = false }: { readonly waits?: boolean; readonly http2?: boolean } = {},
): FastifyInstance {
  const app = http2 ? (Fastify({ http2 }) as unknown as FastifyInstance) : Fastify()
  const note = (request: FastifyRequest, what: string) => trace.get(cellOf(request))?.push(what)
  app.addHook('onResponse', async (request) => void note(request, 'onResponse'))
  void app.register(async (scope) => {
    await prepare(scope)
    scope.setNotFoundHandler(acting('notFound') as never)
    for (const place of [...GUARDS, 'handler', ...REPLACING, 'errorHandler', 'notFound'] as const) route(scope, place)
  })
  return app

  function route(scope: FastifyInstance, place: Place): void {
    const noting =
      (name: string) =>
      (request: FastifyRequest, _reply: FastifyReply, ...rest: unknown[]): void => {
        note(request, name)
        ;(rest.at(-1) as () => void)()
      }
    const waiting = (name: string) => async (request: FastifyRequest) => void note(request, name)
    const hooks = Object.fromEntries(GUARDS.map((name) => [name, noting(name)]))
    scope.route({
      method: ['GET', 'POST'],
      url: `/${place}`,
      ...hooks,
      preSerialization: noting('preSerialization'),
      onSend: waits ? waiting('onSend') : noting('onSend'),
      ...(place === 'handler' || place === 'notFound' ? {} : { [place]: acting(place) }),
      handler: place === 'handler' ? acting('handler') : behind(place),
    } as never)
  }

  function behind(place: Place) {
    return async (request: FastifyRequest, reply: FastifyReply) => {
      note(request, 'handler')
      if (place === 'errorHandler') throw failure(418)
      if (place === 'notFound') {
        reply.callNotFound()
        return reply
      }
      return { the: 'secret' }
    }
  }

  /** The function of a place: does what the request says with the session, then answers in the way that it says. */
  function acting(place: Place) {
    const asynchronous = async (request: FastifyRequest, reply: FastifyReply) => {
      note(request, `${place}!`)
      await act(request)
      return wayOf(request).answer(reply)
    }
    const run = (request: FastifyRequest, reply: FastifyReply): unknown => {
      if (!wayOf(request).callback) return asynchronous(request, reply)
      note(request, `${place}!`)
      act(request).then(
        () => wayOf(request).answer(reply),
        (error: unknown) => reply.send(error),
      )
      return undefined
    }
    // Fastify tells callbacks from async functions by what they answer here, and by their arity when they are added.
    if (place === 'errorHandler')
      return (_: unknown, request: FastifyRequest, reply: FastifyReply) => run(request, reply)
    if (place === 'handler' || place === 'notFound') return run
    if (place === 'preParsing' || REPLACING.includes(place)) {
      return (request: FastifyRequest, reply: FastifyReply, _payload: unknown, _done: unknown) => run(request, reply)
    }
    return (request: FastifyRequest, reply: FastifyReply, _done: unknown) => run(request, reply)
  }
}

const wayOf = (request: FastifyRequest): Way => ways[(request.query as { way: string }).way] as Way
