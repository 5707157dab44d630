import type { IncomingMessage, ServerResponse } from 'node:http'
import type { TLSSocket } from 'node:tls'
import { SessionError } from '../errors.ts'
import { dueHeader, finish, needsFinish } from '../request/commit.ts'
import type { RequestSession } from '../request/request-session.ts'
import { Session } from '../session.ts'
import type { Sessions } from '../sessions.ts'
import { deferResponse } from './deferred-response.ts'

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
  return (request, response) => {
    const session = sessions.begin(request, undefined)
    const state = Session.requestOf(session)
    const report = (error: unknown): void => {
      if (!(error instanceof SessionError) || error.statusCode === 500) onError(error, request)
    }
    const isTls = (): boolean => (request.socket as Partial<TLSSocket>).encrypted === true
    ;(request as unknown as Record<symbol, Session<A>>)[sessions.slot] = session
    const held = deferResponse(
      response,
      (statusCode) => conclude(state, response, statusCode, isTls),
      (error) => {
        report(error)
        answer(response, error)
      },
    )
    Promise.resolve()
      .then(() => handler(request, response, session))
      .catch((error: unknown) => {
        state.fail()
        report(error)
        if (held.sent) {
          response.destroy(error instanceof Error ? error : new Error(String(error)))
          return
        }
        held.restart()
        answer(response, error)
      })
  }
}

function conclude(
  session: RequestSession,
  response: ServerResponse,
  statusCode: number,
  isTls: () => boolean,
): Promise<void> | undefined {
  const writing = session.writes.settle()
  if (writing) return writing.then(() => conclude(session, response, statusCode, isTls))
  session.face?.collect()
  session.seal()
  if (!needsFinish(session)) return undefined
  return finish(session, statusCode).then(() => {
    const header = dueHeader(session, isTls)
    if (!header) return
    response.appendHeader(header.name, header.value)
    if (!/\bno-store\b/i.test(String(response.getHeader('cache-control') ?? ''))) {
      response.setHeader('cache-control', 'no-store')
    }
  })
}

/** Answers with an error, as `application/problem+json`; nothing of what the handler prepared remains. */
function answer(response: ServerResponse, error: unknown): void {
  if (response.headersSent) {
    response.destroy()
    return
  }
  for (const name of response.getHeaderNames()) response.removeHeader(name)
  // Not assigned where it was not: HTTP/2 has none, and warns.
  if (Object.hasOwn(response, 'statusMessage')) response.statusMessage = ''
  const isOurs = error instanceof SessionError
  response.statusCode = isOurs ? error.statusCode : 500
  for (const [name, value] of Object.entries((isOurs && error.headers) || {})) response.setHeader(name, value)
  response.setHeader('content-type', 'application/problem+json')
  const title = isOurs && error.statusCode !== 500 ? error.message : 'Internal Server Error'
  response.end(JSON.stringify({ status: response.statusCode, title, ...(isOurs ? { code: error.code } : {}) }))
}
