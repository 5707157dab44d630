import type { IncomingMessage, ServerResponse } from 'node:http'
import type { TLSSocket } from 'node:tls'
import { SessionError } from '../errors.ts'
import { dueHeaders, finish, needsFinish } from '../request/commit.ts'
import type { RequestSession } from '../request/request-session.ts'
import { Session } from '../session.ts'
import type { Sessions } from '../sessions.ts'
import { type CompleteHead, deferResponse, type Replacement } from './deferred-response.ts'
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
 * first byte of its response leaves; if that fails, the response is a 409 or 503 in its stead. A handler that throws is
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
  // An application of Express or Connect would take a third argument for its `next`.
  const isApplication = 'handle' in handler && 'use' in handler
  const answer = handler as (request: IncomingMessage, response: ServerResponse, session?: Session<A>) => unknown
  return (request, response) => {
    const session = sessions.begin(request, undefined)
    const state = Session.requestOf(session)
    const report = (error: unknown): void => {
      if (!(error instanceof SessionError) || error.statusCode === 500) onError(error, request)
    }
    const isTls = (): boolean => (request.socket as Partial<TLSSocket>).encrypted === true
    ;(request as unknown as Record<symbol, Session<A>>)[sessions.slot] = session
    const save = (statusCode: number) => finishRequest(state, response, statusCode, isTls)
    const deferred = deferResponse(response, {
      save,
      failed(error) {
        report(error)
        deferred.drop(error)
        deferred.replace(problem(error))
      },
    })
    const fail = async (error: unknown): Promise<void> => {
      report(error)
      if (deferred.isBegun()) {
        // What is decided stays decided; what is cut short must look so.
        if (!response.writableEnded) response.destroy()
        return
      }
      state.fail()
      deferred.drop(error)
      const answer = problem(error)
      // What was done at once stays done, and needs its cookie.
      deferred.replace(answer, await Promise.resolve(save(answer.statusCode)).catch(() => undefined))
    }
    const run = async (): Promise<unknown> =>
      isApplication ? answer(request, response) : answer(request, response, session)
    run().catch(fail)
  }
}

/** Saves what is left to save. No promise when there is nothing; resolves to what gives the head its cookie. */
function finishRequest(
  session: RequestSession,
  response: ServerResponse,
  statusCode: number,
  isTls: () => boolean,
): Promise<CompleteHead | undefined> | undefined {
  const writing = session.writes.settle()
  if (writing) return writing.then(() => finishRequest(session, response, statusCode, isTls))
  session.face?.collect()
  session.seal()
  if (!needsFinish(session)) return undefined
  return finish(session, statusCode).then(() => {
    const headers = dueHeaders(session, isTls)
    return () => {
      for (const header of headers) addHeader(response, header)
    }
  })
}

/** Tells the client of an error: `application/problem+json` (RFC 9457). */
function problem(error: unknown): Replacement {
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
  return { statusCode, headers, body }
}
