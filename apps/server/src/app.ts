import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import { fastifySessions } from '@session-cluster/session'
import { type FastifyInstance, type FastifyReply, type FastifyRequest, fastify, LogController } from 'fastify'
import { observe } from './observe.ts'
import type { Parts } from './parts.ts'
import { EncodedFields } from './query.ts'
import { answerErrors } from './refuse.ts'
import { requestNamer } from './request-id.ts'
import { pathOf } from './request-path.ts'
import { cartRoutes } from './routes/cart.ts'
import { contextRoutes } from './routes/context.ts'
import { counterRoutes } from './routes/counter.ts'
import { experimentRoutes } from './routes/experiments.ts'
import { loginRoutes } from './routes/login.ts'
import { isProbe, probeRoutes } from './routes/probes.ts'
import { startRoutes } from './routes/start.ts'
import { tutorialRoutes } from './routes/tutorial.ts'
import { whoamiRoutes } from './routes/whoami.ts'

/** Longer than a balancer keeps its idle connections, so that the balancer, which knows, is the one to close them. */
const KEEP_ALIVE_MS = 75_000
const LARGEST_BODY = 64 * 1024

/** Builds the server that users talk to. Does not listen; `app.inject` tests it whole. */
export async function buildApp(parts: Parts): Promise<FastifyInstance> {
  const { config, log } = parts
  const app: FastifyInstance = fastify({
    loggerInstance: log,
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: requestNamer(config.balancerToken),
    requestIdHeader: false,
    routerOptions: { querystringParser: (encoded) => new EncodedFields(encoded) as never },
    bodyLimit: LARGEST_BODY,
    keepAliveTimeout: KEEP_ALIVE_MS,
    requestTimeout: 30_000,
    return503OnClosing: false,
    clientErrorHandler: (error, socket) => refuseUnreadable(config.nodeName, error, socket),
    frameworkErrors: (error, request, reply) => refuseUnroutable(parts, error, request, reply as FastifyReply),
  })
  app.addHook('onRequest', async (request, reply) => {
    label(parts, request, reply)
    if (!isProbe(pathOf(request))) await parts.faults.hold()
  })
  // Asked at the end: a request may have begun before the drain did.
  app.addHook('onSend', async (_request, reply) => {
    if (parts.lifecycle.draining) reply.header('connection', 'close')
  })
  app.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_request, body, done) => {
    done(null, new EncodedFields(String(body)))
  })
  observe(app, parts)
  answerErrors(app, parts)
  await app.register(fastifySessions, { sessions: parts.sessions })
  for (const addRoutes of ROUTES) addRoutes(app, parts)
  return app
}

const ROUTES = [
  startRoutes,
  tutorialRoutes,
  loginRoutes,
  cartRoutes,
  counterRoutes,
  contextRoutes,
  whoamiRoutes,
  experimentRoutes,
  probeRoutes,
]

/** What every response carries: who served it, under which id it is reported, and that it is for one client only. */
function label({ config }: Parts, request: FastifyRequest, reply: FastifyReply): void {
  reply.headers({
    'x-request-id': request.id,
    'x-served-by': config.nodeName,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'same-origin',
  })
}

/** Answers a target that no router can read, such as a path with `%FF`. */
function refuseUnroutable(
  parts: Parts,
  error: { statusCode?: number; message: string },
  request: FastifyRequest,
  reply: FastifyReply,
): void {
  label(parts, request, reply)
  const status = error.statusCode ?? 400
  reply.code(status).type('text/plain; charset=utf-8').send(`${status} ${error.message}\n`)
}

/** Answers what is not HTTP, or is too much of it, on the bare socket (RFC 9110 §15.5.1, RFC 6585 §5). */
function refuseUnreadable(node: string, error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return
  const status = error.code === 'HPE_HEADER_OVERFLOW' ? 431 : error.code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 408 : 400
  const body = `${status} ${STATUS_CODES[status]}\n`
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    `x-served-by: ${node}`,
    'content-type: text/plain; charset=utf-8',
    `content-length: ${Buffer.byteLength(body)}`,
    'cache-control: no-store',
    'connection: close',
  ]
  if (socket.writable) socket.write(`${head.join('\r\n')}\r\n\r\n${body}`)
  socket.destroySoon()
}
