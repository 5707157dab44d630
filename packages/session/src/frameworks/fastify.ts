import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { readyParser } from '../carrier/cookie-parser.ts'
import { needsFinish } from '../request/commit.ts'
import { endLate } from '../request/outgoing.ts'
import { type AnySessions, assertSessions } from '../sessions.ts'
import { show } from '../show.ts'
import { endBeforeHead, type LateReply } from './fastify-reply.ts'

/** What `app.register(fastifySessions, …)` takes. */
export interface FastifySessionsOptions {
  /** What `createSessions` made. */
  readonly sessions: AnySessions
  /**
   * A name under which the request has its session too, as `sessions.of(request)` gives it. Its type is yours to
   * declare. Not `session`: what plugins expect there is `fastifySyncSessions` of
   * `@session-cluster/session/fastify-session`. @default false
   */
  readonly decorate?: string | false
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
  assertSessions('fastifySessions', sessions)
  const { slot } = sessions
  // A parent scope serves these sessions already; its hooks hold here too.
  if (app.hasRequestDecorator(slot)) return
  claimCarrier(app, sessions)
  await readyParser(app)
  app.decorateRequest(slot, null)
  if (!app.hasReplyDecorator(endLate)) app.decorateReply(endLate, null)
  decorateWith(app, sessions, decorate)
  app.addHook('onRequest', (request, reply, done) => {
    // An earlier hook may have asked for the session already, before the reply could be known.
    const asked = sessions.requestOf(request)
    if (asked) asked.response.become(reply)
    else (request as unknown as Record<symbol, FastifyReply>)[slot] = reply
    done()
  })
  app.addHook('onError', (request, reply, _error, done) => {
    const failed = (): void => sessions.requestOf(request)?.fail()
    failed()
    onNextError(reply, failed)
    done()
  })
  app.addHook('onSend', (request, reply, payload, done) => {
    const asked = sessions.requestOf(request)
    if (asked && !asked.response.isSealed) {
      asked.face?.collect()
      if (needsFinish(asked) || asked.writes.settle()) endBeforeHead(asked, reply)
    }
    // A hook that comes after this one may write, or ask for the session for the first time.
    ;(reply as LateReply)[endLate] = endBeforeHead
    done(null, payload)
  })
}

/**
 * Calls back when the error handler fails in its turn: Fastify has no hook for that, but hands the next error to
 * `reply.send`.
 */
function onNextError(reply: FastifyReply, failed: () => void): void {
  const { send } = reply
  const watched: typeof send = (payload) => {
    if (payload instanceof Error || isMarkedAsError(reply)) failed()
    return send.call(reply, payload)
  }
  reply.send = watched
}

/** Whether Fastify has marked what comes next as an error: what is thrown need not be one. */
const isMarkedAsError = (reply: FastifyReply): boolean =>
  Object.getOwnPropertySymbols(reply).some(
    (symbol) =>
      symbol.description === 'fastify.reply.isError' && (reply as unknown as Record<symbol, unknown>)[symbol] === true,
  )

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

function decorateWith(app: FastifyInstance, sessions: AnySessions, name: string | false): void {
  if (name === false) return
  if (typeof name !== 'string' || name === '' || name === 'session') {
    throw new TypeError(
      `fastifySessions: decorate is ${show(name)}, but must be the name of a request property other than session: ` +
        'plugins take the promises of this session for data, and an anonymous client for a user. What they expect is ' +
        "fastifySyncSessions, from '@session-cluster/session/fastify-session'",
    )
  }
  app.decorateRequest(name, {
    getter(this: FastifyRequest) {
      return sessions.of(this)
    },
  })
}
