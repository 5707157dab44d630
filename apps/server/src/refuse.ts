import type { FastifyInstance, FastifyRequest } from 'fastify'
import { answerRefusal } from './answer.ts'
import type { Parts } from './parts.ts'
import { Refusal, type RefusalCode } from './refusal.ts'
import { pathOf } from './request-path.ts'

/** Answers every error and every unknown path in words, with a status that says whose fault it is; no stack leaves. */
export function answerErrors(app: FastifyInstance, { config, log }: Parts): void {
  app.setErrorHandler<Error & { statusCode?: number; code?: string; headers?: Record<string, string> }>(
    (error, request, reply) => {
      const refusal = asRefusal(error)
      if (refusal.statusCode === 500) log.error({ err: error, requestId: request.id }, refusal.code)
      // While the store is away each request fails alike: the circuit has a line when it opens and one when it closes.
      else if (refusal.statusCode > 500)
        log.debug({ requestId: request.id, failure: error.code, reason: error.message }, refusal.code)
      // What the handler had prepared does not fit the refusal.
      reply.removeHeader('location')
      if (error.headers) reply.headers(error.headers)
      return answerRefusal(config, request, reply, refusal)
    },
  )
  app.setNotFoundHandler((request, reply) => {
    const refusal = unknownPath(app, request, config.nodeName)
    if (refusal.params.allow) reply.header('allow', refusal.params.allow)
    return answerRefusal(config, request, reply, refusal)
  })
}

const CODES: Readonly<Record<string, RefusalCode>> = {
  SESSION_GONE: 'session-ended',
  SESSION_CONFLICT: 'write-conflict',
  SESSION_VALUE_REFUSED: 'value-refused',
  SESSION_VALUE_TOO_LARGE: 'too-large',
  FST_ERR_CTP_BODY_TOO_LARGE: 'too-large',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'body-type',
}

function asRefusal(error: Error & { statusCode?: number; code?: string }): Refusal {
  if (error instanceof Refusal) return error
  const known = CODES[error.code ?? '']
  if (known) return new Refusal(known, { reason: error.message })
  if (error.code === 'SESSION_STORE_REFUSED') return new Refusal('store-refused', { reason: error.message })
  if (error.statusCode === 503) return new Refusal('store-unavailable')
  const theirs = error.statusCode !== undefined && error.statusCode >= 400 && error.statusCode < 500
  return theirs ? new Refusal('bad-request', { reason: error.message }) : new Refusal('server-error')
}

function unknownPath(app: FastifyInstance, request: FastifyRequest, node: string): Refusal {
  const path = pathOf(request)
  const allow = ['GET', 'POST'].filter((method) => app.hasRoute({ method, url: path })).join(', ')
  const shown = path.length > 100 ? `${path.slice(0, 100)}…` : path
  return allow === ''
    ? new Refusal('no-such-page', { node, path: shown })
    : new Refusal('method-not-allowed', { path: shown, allow })
}
