import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { basename, dirname } from 'node:path'
import compression from 'compression'
import cookieSession from 'cookie-session'
import expressSession from 'express-session'
import { createProxyMiddleware } from 'http-proxy-middleware'
import morgan from 'morgan'
import onHeaders from 'on-headers'
import responseTime from 'response-time'
import serveStatic from 'serve-static'
import { bigFile, type Note, type Program } from './programs.ts'

/** A middleware as Connect and Express have them. */
export type Middleware = (request: IncomingMessage, response: ServerResponse, next: () => void) => void

/** Puts one request through middlewares, one after the other. */
export function through(
  stack: readonly Middleware[],
  last: () => void,
  request: IncomingMessage,
  response: ServerResponse,
) {
  const [first, ...rest] = stack
  if (first) first(request, response, () => through(rest, last, request, response))
  else last()
}

/** Middlewares that wrap a response, each with what it adds that the client may tell. */
export const middlewares: Readonly<Record<string, (note: Note) => Middleware>> = {
  compression: () => compression({ threshold: 0 }),
  'response-time': () =>
    responseTime((_request: IncomingMessage, response: ServerResponse) =>
      response.setHeader('x-response-time', 'some'),
    ),
  'cookie-session': () => {
    const keep = cookieSession({ secret: 'of thirty-two characters at least', name: 'theirs' })
    return (request, response, next) =>
      keep(request, response, () => {
        ;(request as unknown as { session: object }).session = { mine: 1 }
        next()
      })
  },
  'express-session': () => {
    const keep = expressSession({ secret: 'a', resave: false, saveUninitialized: false, genid: () => 'fixed' })
    return (request, response, next) =>
      keep(request, response, () => {
        Object.assign((request as unknown as { session: object }).session, { mine: 1 })
        next()
      })
  },
  morgan: (note) => {
    const log = morgan(':method :status :res[content-length]', {
      stream: { write: (line: string) => note('log', line) },
    })
    return (request, response, next) => log(request, response, next)
  },
  'on-headers': () => (_request, response, next) => {
    onHeaders(response, function (this: ServerResponse) {
      this.setHeader('x-on-headers', String(this.statusCode))
    })
    next()
  },
  'a wrapped writeHead': () => (_request, response, next) => {
    const { writeHead } = response
    response.writeHead = function (this: ServerResponse, ...given: unknown[]) {
      this.setHeader('x-wrapped', '1')
      return (writeHead as (...given: unknown[]) => ServerResponse).apply(this, given)
    } as typeof writeHead
    next()
  },
  'a wrapped end': () => (_request, response, next) => {
    const { write, end } = response
    response.end = function (this: ServerResponse, chunk?: unknown, ...more: unknown[]) {
      if (typeof chunk === 'string' || Buffer.isBuffer(chunk))
        (write as (chunk: string) => boolean).call(this, 'wrapped: ')
      return (end as (...given: unknown[]) => ServerResponse).call(this, chunk, ...more)
    } as typeof end
    next()
  },
}

async function upstream(): Promise<string> {
  const server = createServer((request, response) => {
    if (request.url === '/chunks') {
      response.write('a')
      setImmediate(() => response.end('b'))
      return
    }
    response.writeHead(request.url === '/missing' ? 404 : 200, { 'x-upstream': '1', 'set-cookie': 'theirs=1' })
    response.end('u'.repeat(request.url === '/big' ? 1_000_000 : 10))
  })
  server.listen(0, '127.0.0.1').unref()
  await new Promise((resolve) => server.once('listening', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const proxy = createProxyMiddleware<IncomingMessage, ServerResponse>({ target: await upstream() })
const proxied: Program['run'] = (response, note, request) => proxy(request, response, async () => note('not proxied'))

const file = `/${basename(bigFile)}`
const files = serveStatic(dirname(bigFile), { etag: false, lastModified: false })
const dated = serveStatic(dirname(bigFile))
const serve: Program['run'] = (response, note, request) => files(request, response, () => note('no such file'))

/** Programs of other people that answer by themselves. */
export const answerers: Readonly<Record<string, Program>> = {
  'serve-static, a big file': { ask: { path: file }, run: serve },
  'serve-static, a range': { ask: { path: file, headers: { range: 'bytes=5-1000004' } }, run: serve },
  'serve-static, HEAD': { ask: { path: file, method: 'HEAD' }, run: serve },
  'serve-static, 304': {
    ask: { path: file, headers: { 'if-modified-since': new Date(Date.now() + 60_000).toUTCString() } },
    run: (response, note, request) => dated(request, response, () => note('no such file')),
  },
  'serve-static, nothing there': {
    ask: { path: '/nothing-of-the-kind' },
    run: (response, _note, request) => files(request, response, () => void response.end('none')),
  },
  'http-proxy-middleware': { ask: { path: '/small' }, run: proxied },
  'http-proxy-middleware, chunks': { ask: { path: '/chunks' }, run: proxied },
  'http-proxy-middleware, big': { ask: { path: '/big' }, run: proxied },
  'http-proxy-middleware, 404': { ask: { path: '/missing' }, run: proxied },
}
