import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { readyParser } from '../carrier/cookie-parser.ts'
import { needsFinish } from '../request/commit.ts'
import { type AnySessions, Sessions } from '../sessions.ts'
import { endBeforeHead } from './fastify-reply.ts'

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
  app.addHook('onError', (request, reply, _error, done) => {
    const failed = (): void => sessions.requestOf(request)?.fail()
    failed()
    onNextError(reply, failed)
    done()
  })
  app.addHook('onSend', (request, reply, payload, done) => {
    const asked = sessions.requestOf(request)
    if (asked && !asked.isSealed) {
      if (needsFinish(asked) || asked.writes.settle()) endBeforeHead(asked, reply)
      else asked.seal()
    }
    done(null, payload)
  })
}

/**
 * Calls back when the error handler fails in its turn: Fastify has no hook for that, but hands the next error to
 * `reply.send`.
 */
function onNextError(reply: FastifyReply, failed: () => void): void {
  const { send } = reply
  reply.send = (payload) => {
    if (payload instanceof Error || isMarkedAsError(reply)) failed()
    return send.call(reply, payload)
  }
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
