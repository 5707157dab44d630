import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { forgetUnwritten, readyParser } from '../carrier/cookie-parser.ts'
import { SessionError } from '../errors.ts'
import { dueHeader, finish, needsFinish } from '../request/commit.ts'
import type { RequestSession } from '../request/request-session.ts'
import { type AnySessions, Sessions } from '../sessions.ts'

/** What `app.register(fastifySessions, …)` takes. */
export interface FastifySessionsOptions {
  /** What `createSessions` made. */
  readonly sessions: AnySessions
  /**
   * Whether to decorate the request, as `request.session` or under a name of your own. Its type is then yours to declare
   * (see the README). @default false
   */
  readonly decorate?: boolean | string
}

/**
 * Serves sessions to the routes of this scope and its children; several managers may be registered side by side, each
 * with a cookie (or header) of its own. Reads cookies with `@fastify/cookie`'s parser but leaves that plugin to the application, to register before, after or
 * never.
 * @example
 * const sessions = createSessions<{ name: string }>({ store: memoryStore() })
 * await app.register(fastifySessions, { sessions })
 * app.get('/hello', async (request) => (await sessions.of(request).get('name')) ?? 'stranger')
 */
export const fastifySessions = fp(plugin, { name: '@session-cluster/session', fastify: '5.x' })

async function plugin(app: FastifyInstance, { sessions, decorate = false }: FastifySessionsOptions): Promise<void> {
  if (!(sessions instanceof Sessions)) {
    throw new TypeError('fastifySessions: sessions must be what createSessions() returned')
  }
  const { slot } = sessions
  // A parent scope serves these sessions already; its hooks hold here too.
  if (app.hasRequestDecorator(slot)) return
  claimCarrier(app, sessions)
  await readyParser(app)
  app.decorateRequest(slot, null)
  decorateWith(app, sessions, decorate)
  app.addHook('onRequest', (request, reply, done) => {
    // An earlier hook may have asked for the session already, before the reply could be known.
    const asked = sessions.requestOf(request)
    if (asked) asked.respondWith(reply)
    else (request as unknown as Record<symbol, FastifyReply>)[slot] = reply
    done()
  })
  app.addHook('onError', (request, _reply, _error, done) => {
    sessions.requestOf(request)?.fail()
    done()
  })
  app.addHook('onSend', (request, reply, payload, done) => {
    const asked = sessions.requestOf(request)
    if (asked && !asked.isSealed) conclude(asked, reply, payload, done)
    else done(null, payload)
  })
}

type Done = (error: Error | null, payload?: unknown) => void

/**
 * Two managers that carry their ids in one cookie would each take the other's for forged, and overwrite it at every
 * write: users would be logged out at random. Cookies of one name are two when their paths or domains differ.
 */
function claimCarrier(app: FastifyInstance, { options: { cookie, header } }: AnySessions): void {
  const carrier = cookie ? `cookie ${cookie.name}` : `header ${header}`
  const claim = Symbol.for(`@session-cluster/session ${carrier}; ${cookie?.domain ?? ''}; ${cookie?.path ?? ''}`)
  if (app.hasDecorator(claim)) {
    throw new TypeError(`fastifySessions: other sessions travel in the ${carrier} already; give these another name`)
  }
  // On the instance and not on requests: scopes inherit it all the same, and no request pays for it.
  app.decorate(claim, true)
}

function decorateWith(app: FastifyInstance, sessions: AnySessions, decorate: boolean | string): void {
  if (decorate === false) return
  const name = decorate === true ? 'session' : decorate
  if (typeof name !== 'string' || name === '') {
    throw new TypeError('fastifySessions: decorate must be true, false or the name of a request property')
  }
  app.decorateRequest(name, {
    getter(this: FastifyRequest) {
      return sessions.of(this)
    },
  })
}

/** Saves, then lets the response go; or answers with the error instead. */
function conclude(session: RequestSession, reply: FastifyReply, payload: unknown, done: Done): void {
  const writing = session.writes.settle()
  if (writing) {
    void writing.then(() => conclude(session, reply, payload, done))
    return
  }
  session.seal()
  if (!needsFinish(session)) {
    done(null, payload)
    return
  }
  finish(session, reply.statusCode).then(
    () => {
      writeHeader(session, reply)
      done(null, payload)
    },
    (error: unknown) => {
      refuse(reply, payload, error)
      done(error as Error)
    },
  )
}

const kept = Symbol('session cookies')

/** Cookies that session managers have written to this response; they hold even if another manager's commit fails. */
const keptBy = (reply: FastifyReply): string[] => {
  const holder = reply as FastifyReply & { [kept]?: string[] }
  holder[kept] ??= []
  return holder[kept]
}

function writeHeader(session: RequestSession, reply: FastifyReply): void {
  const header = dueHeader(session, () => reply.request.protocol === 'https')
  if (!header) return
  reply.header(header.name, header.value)
  if (header.name === 'set-cookie') keptBy(reply).push(header.value)
  // A shared cache must not hand one client's id to another (ASVS, Session Management Cheat Sheet).
  const caching = String(reply.getHeader('cache-control') ?? '')
  if (!/\bno-store\b/i.test(caching)) reply.header('cache-control', 'no-store')
}

/** Headers that speak of the body or the outcome that the handler prepared; others, such as CORS's, suit any answer. */
const OF_THE_ANSWER = [
  'set-cookie',
  'location',
  'etag',
  'last-modified',
  'expires',
  'accept-ranges',
  'content-disposition',
  'content-encoding',
  'content-language',
  'content-length',
  'content-range',
  'content-type',
]

/** What the handler prepared must not reach the client: neither its cookies nor its status nor its stream. */
function refuse(reply: FastifyReply, payload: unknown, error: unknown): void {
  forgetUnwritten(reply)
  for (const name of OF_THE_ANSWER) reply.removeHeader(name)
  reply.header('cache-control', 'no-store')
  for (const line of keptBy(reply)) reply.header('set-cookie', line)
  reply.code(error instanceof SessionError ? error.statusCode : 500)
  const { destroy } = (payload ?? {}) as { destroy?: unknown }
  if (typeof destroy === 'function') destroy.call(payload)
}
