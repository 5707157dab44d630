import { createHash, timingSafeEqual } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { BalancerError } from '../errors.ts'
import type { Control } from './control.ts'
import { readAddition, readChange, readJson, readRemoval } from './input.ts'
import { contentType } from './prometheus.ts'
import { streamEvents } from './sse.ts'

/** How the admin API is served. */
export interface AdminOptions {
  /** Demanded as `Authorization: Bearer …` of everyone but the probes. Without it, only loopback names are answered. */
  token?: string | undefined
  /** What `GET /` shows. */
  about: () => object
  /** Further families for `GET /metrics`, in the same text format. */
  moreMetrics?: (() => string) | undefined
}

type Reply = { status: number; body?: unknown; text?: string; type?: string }

const LOOPBACK = /^(localhost|[a-z0-9-]+\.localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?$/i

/**
 * The admin API: `GET /`, `/upstreams`, `/events`, `/metrics`, `/livez`, `/readyz`, `POST /upstreams`,
 * `PATCH` and `DELETE /upstreams/:name`. Bodies are JSON; errors are `application/problem+json` (RFC 9457).
 */
export function createAdmin(control: Control, options: AdminOptions): Server {
  return createServer((req, res) => {
    // A path that begins with // would be taken for a host.
    const url = URL.parse(`http://admin${req.url}`)
    if (!url) return send(res, problem(400, 'BAD_REQUEST', 'the request target is not in origin form'))
    const refused = refusalOf(req, url, options.token)
    if (refused) return send(res, refused)
    if (req.method === 'GET' && url.pathname === '/events') return streamEvents(control, res)
    route(control, options, req, url).then(
      (reply) => send(res, reply),
      (error: unknown) => send(res, replyTo(error)),
    )
  })
}

async function route(control: Control, options: AdminOptions, req: IncomingMessage, url: URL): Promise<Reply> {
  const call = `${req.method === 'HEAD' ? 'GET' : req.method} ${url.pathname}`
  if (call === 'GET /') return { status: 200, body: options.about() }
  if (call === 'GET /livez') return { status: 200, text: 'ok\n' }
  if (call === 'GET /readyz') {
    return control.isReady() ? { status: 200, text: 'ok\n' } : { status: 503, text: 'no upstream is available\n' }
  }
  if (call === 'GET /metrics') {
    const text = (await control.metrics()) + (options.moreMetrics?.() ?? '')
    return { status: 200, text, type: contentType }
  }
  if (call === 'GET /upstreams') return { status: 200, body: await control.list() }
  if (call === 'POST /upstreams') return { status: 201, body: await control.add(readAddition(await readJson(req))) }
  if (url.pathname === '/upstreams') return problem(405, 'METHOD_NOT_ALLOWED', 'only GET and POST go here')
  const name = /^\/upstreams\/([^/]+)$/.exec(url.pathname)?.[1]
  if (name !== undefined) return upstreamCall(control, req, url, decodeURIComponent(name))
  return problem(404, 'NOT_FOUND', `there is no ${call}`)
}

async function upstreamCall(control: Control, req: IncomingMessage, url: URL, name: string): Promise<Reply> {
  if (req.method === 'PATCH') return { status: 200, body: await control.update(name, readChange(await readJson(req))) }
  if (req.method === 'DELETE') {
    await control.remove(name, readRemoval(url.searchParams))
    return { status: 204 }
  }
  return problem(405, 'METHOD_NOT_ALLOWED', 'only PATCH and DELETE go here')
}

// A page that a browser was lured to may reach loopback by a name of its own (DNS rebinding), but cannot forge Host.
function refusalOf(req: IncomingMessage, { pathname }: URL, token: string | undefined): Reply | undefined {
  const isRead = req.method === 'GET' || req.method === 'HEAD'
  if (isRead && (pathname === '/livez' || pathname === '/readyz')) return undefined
  if (token !== undefined) {
    const given = /^Bearer (.+)$/i.exec(req.headers.authorization ?? '')?.[1]
    if (given !== undefined && equal(given, token)) return undefined
    return problem(401, 'UNAUTHORIZED', 'the admin token is missing or wrong')
  }
  if (!LOOPBACK.test(req.headers.host ?? '')) return problem(403, 'FORBIDDEN_HOST', 'only loopback names are answered')
  const { origin } = req.headers
  if (origin !== undefined && !LOOPBACK.test(origin.replace(/^https?:\/\//, ''))) {
    return problem(403, 'FORBIDDEN_ORIGIN', 'calls from pages of another origin are not answered')
  }
  return undefined
}

function replyTo(error: unknown): Reply {
  if (error instanceof BalancerError) return problem(error.statusCode, error.code, error.message)
  if (error instanceof TypeError || error instanceof SyntaxError || error instanceof URIError) {
    return problem(400, 'BAD_REQUEST', error.message)
  }
  return problem(500, 'INTERNAL', 'something went wrong')
}

function problem(status: number, code: string, detail: string): Reply {
  return { status, body: { status, code, detail }, type: 'application/problem+json' }
}

function send(res: ServerResponse, { status, body, text, type }: Reply): void {
  const payload = text ?? (body === undefined ? '' : `${JSON.stringify(body)}\n`)
  const fallback = text === undefined ? 'application/json' : 'text/plain; charset=utf-8'
  const challenge = status === 401 ? { 'WWW-Authenticate': 'Bearer' } : {}
  res.writeHead(status, { 'Content-Type': type ?? fallback, 'Cache-Control': 'no-store', ...challenge })
  res.end(payload)
}

function equal(a: string, b: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(a), digest(b))
}
