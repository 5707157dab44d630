import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http'
import type { TLSSocket } from 'node:tls'
import { SessionError } from '../errors.ts'
import { dueHeaders, finish, needsFinish } from '../request/commit.ts'
import type { RequestSession } from '../request/request-session.ts'
import { Session } from '../session.ts'
import { assertSessions, type Sessions } from '../sessions.ts'
import { show } from '../show.ts'
import { type CompleteHead, type Deferral, DeferredResponse, type Replacement } from './deferred-response.ts'
import { addHeader } from './response-head.ts'

/** Answers one request; `session` is the same as `sessions.of(request)`. */
export type SessionHandler<A extends object> = (
  request: IncomingMessage,
  response: ServerResponse,
  session: Session<A>,
) => unknown

/** What `withSessions` takes beside the handler. */
export interface WithSessionsOptions {
  /**
   * Told of every error whose response says no more than `500`: what the handler threw, and the mistakes that this
   * package finds in it. @default console.error
   */
  readonly onError?: (error: unknown, request: IncomingMessage) => void
}

/**
 * Sessions without a framework: wraps a `node:http` request listener. What the handler changes is saved before the
 * first byte of its response leaves; if that fails, the client gets a 409 or 503 instead. A handler that throws is
 * answered 500 and saves nothing.
 * @example
 * createServer(withSessions(sessions, async (request, response, session) => {
 *   response.end(`visit ${await session.update('visits', (n = 0) => n + 1)}`)
 * }))
 */
export function withSessions<A extends object>(
  sessions: Sessions<A>,
  handler: SessionHandler<A>,
  { onError = (error) => console.error(error) }: WithSessionsOptions = {},
): (request: IncomingMessage, response: ServerResponse) => void {
  assertSessions('withSessions', sessions)
  if (typeof handler !== 'function') {
    throw new TypeError(`withSessions: handler is ${show(handler)}, but must be a request listener`)
  }
  // An application of Express or Connect would take a third argument for its `next`.
  const isApplication = 'handle' in handler && 'use' in handler
  const answer = handler as (request: IncomingMessage, response: ServerResponse, session?: Session<A>) => unknown
  return (request, response) => {
    const session = sessions.begin(request, undefined)
    ;(request as unknown as Record<symbol, Session<A>>)[sessions.slot] = session
    const exchange = new Exchange(request, response, Session.requestOf(session), onError)
    try {
      const answering = isApplication ? answer(request, response) : answer(request, response, session)
      if (isThenable(answering)) answering.then(undefined, (error: unknown) => exchange.fail(error))
    } catch (error) {
      void exchange.fail(error)
    }
  }
}

const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  typeof (value as { then?: unknown } | null | undefined)?.then === 'function'

/** One request and its response, which waits for the request's session. */
class Exchange implements Deferral {
  readonly #request: IncomingMessage
  readonly #response: ServerResponse
  readonly #session: RequestSession
  readonly #onError: (error: unknown, request: IncomingMessage) => void
  readonly #deferred: DeferredResponse
  /** The headers that were there before the handler was called. */
  readonly #before: OutgoingHttpHeaders

  constructor(
    request: IncomingMessage,
    response: ServerResponse,
    session: RequestSession,
    onError: (error: unknown, request: IncomingMessage) => void,
  ) {
    this.#request = request
    this.#response = response
    this.#session = session
    this.#onError = onError
    this.#before = response.getHeaders()
    this.#deferred = new DeferredResponse(response, this)
  }

  /** Saves what is left to save. No promise when there is nothing; resolves to what gives the head its cookie. */
  save(statusCode: number): Promise<CompleteHead | undefined> | undefined {
    const session = this.#session
    const writing = session.writes.settle()
    if (writing) return writing.then(() => this.save(statusCode))
    session.face?.collect()
    session.response.seal()
    return needsFinish(session) ? this.#finish(statusCode) : undefined
  }

  async #finish(statusCode: number): Promise<CompleteHead | undefined> {
    await finish(this.#session, statusCode)
    const headers = dueHeaders(this.#session, () => (this.#request.socket as Partial<TLSSocket>).encrypted === true)
    return () => {
      for (const header of headers) addHeader(this.#response, header)
    }
  }

  /** It could not be saved. */
  failed(error: unknown): void {
    this.#report(error)
    this.#deferred.drop(error)
    this.#deferred.replace(problem(error, this.#before))
  }

  /** The handler threw. */
  async fail(error: unknown): Promise<void> {
    this.#report(error)
    if (this.#deferred.isBegun) {
      // What is decided stays decided; what is cut short must look so.
      if (!this.#response.writableEnded) this.#response.destroy()
      return
    }
    this.#session.fail()
    this.#deferred.drop(error)
    const answer = problem(error, this.#before)
    // What was done at once stays done, and needs its cookie.
    this.#deferred.replace(answer, await Promise.resolve(this.save(answer.statusCode)).catch(() => undefined))
  }

  #report(error: unknown): void {
    if (!(error instanceof SessionError) || error.statusCode === 500) this.#onError(error, this.#request)
  }
}

/** Tells the client of an error: `application/problem+json` (RFC 9457). */
function problem(error: unknown, before: OutgoingHttpHeaders): Replacement {
  const isOurs = error instanceof SessionError
  const statusCode = isOurs ? error.statusCode : 500
  const title = isOurs && statusCode !== 500 ? error.message : 'Internal Server Error'
  const body = JSON.stringify({ status: statusCode, title, ...(isOurs ? { code: error.code } : {}) })
  const headers = {
    ...(isOurs ? error.headers : {}),
    'cache-control': 'no-store',
    'content-type': 'application/problem+json',
    'content-length': String(Buffer.byteLength(body)),
  }
  return { statusCode, headers, body, before }
}
