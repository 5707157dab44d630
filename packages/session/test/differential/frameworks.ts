import { createReadStream } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { getRequestListener, type HttpBindings } from '@hono/node-server'
import express5 from 'express'
import express4 from 'express-4'
import { H3, HTTPError, toNodeHandler } from 'h3'
import { Hono } from 'hono'
import Koa from 'koa'
import { expressSessions, type Sessions, withSessions } from '../../src/http.ts'
import type { Any } from './cells.ts'
import type { Ask } from './client.ts'
import type { Middleware } from './middlewares.ts'
import { bigFile } from './programs.ts'

/** What a route does to its session before it answers. */
export type Act = (request: IncomingMessage) => unknown
type Listener = (request: IncomingMessage, response: ServerResponse) => unknown

/** The routes that every framework has, in its own manner. */
export const routes: Readonly<Record<string, Ask>> = {
  text: { path: '/text' },
  'text, HEAD': { path: '/text', method: 'HEAD' },
  json: { path: '/json' },
  nothing: { path: '/nothing' },
  redirect: { path: '/redirect' },
  stream: { path: '/stream' },
  file: { path: '/file' },
  thrown: { path: '/thrown' },
  'not found': { path: '/nowhere' },
  twice: { path: '/twice' },
}

// Its stack tells where it came from, which is another place with us.
const thrown = () => Object.assign(new Error('no'), { stack: 'Error: no' })
const pieces = () => Readable.from(Array.from({ length: 200 }, (_, i) => `${i} `.repeat(500)))

// biome-ignore lint/suspicious/noExplicitAny: Express brings no types
function express(make: any, act: Act, middleware?: Middleware): Listener {
  const app = make()
  if (middleware) app.use(middleware)
  // biome-ignore lint/suspicious/noExplicitAny: Express brings no types
  app.use((request: any, _response: any, next: (error?: unknown) => void) => {
    Promise.resolve(act(request)).then(() => next(), next)
  })
  type Response = ServerResponse &
    Record<'send' | 'json' | 'redirect' | 'sendFile' | 'sendStatus', (body: unknown) => void>
  const get = (path: string, answer: (response: Response, next: () => void) => void) =>
    app.get(path, (_request: unknown, response: Response, next: () => void) => answer(response, next))
  get('/text', (response) => response.send('some text'))
  get('/json', (response) => response.json({ a: 1 }))
  get('/nothing', (response) => response.sendStatus(204))
  get('/redirect', (response) => response.redirect('/text'))
  get('/stream', (response) => pieces().pipe(response))
  get('/file', (response) => response.sendFile(bigFile))
  get('/thrown', () => {
    throw thrown()
  })
  get('/twice', (response, next) => {
    response.json({ first: true })
    next()
  })
  return app
}

function koa(act: Act): Listener {
  const app = new Koa()
  app.silent = true
  // biome-ignore lint/suspicious/noExplicitAny: Koa brings no types
  app.use(async (ctx: any) => {
    await act(ctx.req)
    if (ctx.path === '/text') ctx.body = 'some text'
    if (ctx.path === '/json') ctx.body = { a: 1 }
    if (ctx.path === '/nothing') ctx.status = 204
    if (ctx.path === '/redirect') ctx.redirect('/text')
    if (ctx.path === '/stream') ctx.body = pieces()
    if (ctx.path === '/file') ctx.body = createReadStream(bigFile)
    if (ctx.path === '/thrown') throw thrown()
    if (ctx.path === '/twice') {
      ctx.res.end('first')
      ctx.body = 'second'
    }
  })
  return app.callback()
}

function hono(act: Act): Listener {
  const app = new Hono<{ Bindings: HttpBindings }>()
  app.use(async (c, next) => {
    await act(c.env.incoming)
    await next()
  })
  app.get('/text', (c) => c.text('some text'))
  app.get('/json', (c) => c.json({ a: 1 }))
  app.get('/nothing', (c) => c.body(null, 204))
  app.get('/redirect', (c) => c.redirect('/text'))
  app.get('/stream', (c) => c.body(Readable.toWeb(pieces()) as ReadableStream))
  app.get('/file', (c) => c.body(Readable.toWeb(createReadStream(bigFile)) as ReadableStream))
  app.get('/thrown', () => {
    throw thrown()
  })
  app.onError((_error, c) => c.text('failed', 500))
  app.get('/twice', (c) => {
    c.header('set-cookie', 'theirs=1')
    return c.text('once', 201)
  })
  return getRequestListener(app.fetch)
}

function h3(act: Act): Listener {
  const app = new H3()
  app.use(async (event, next) => {
    await act(event.runtime?.node?.req as IncomingMessage)
    return next()
  })
  app.get('/text', () => 'some text')
  app.get('/json', () => ({ a: 1 }))
  app.get('/nothing', () => new Response(null, { status: 204 }))
  app.get('/redirect', () => new Response(null, { status: 302, headers: { location: '/text' } }))
  app.get('/stream', () => Readable.toWeb(pieces()) as ReadableStream)
  app.get('/file', () => Readable.toWeb(createReadStream(bigFile)) as ReadableStream)
  app.get('/thrown', () => {
    throw new HTTPError({ status: 500, message: 'no' })
  })
  app.get('/twice', () => new Response('once', { status: 201, headers: { 'set-cookie': 'theirs=1' } }))
  return toNodeHandler(app) as unknown as Listener
}

/** A framework's listener for these routes, with our sessions or without. */
export const frameworks: Readonly<Record<string, (act: Act, sessions: Sessions<Any> | undefined) => Listener>> = {
  'Express 5': (act, sessions) => express(express5, act, sessions && expressSessions(sessions)),
  'Express 4': (act, sessions) => express(express4, act, sessions && expressSessions(sessions)),
  'Express 5, all of it': around((act) => express(express5, act)),
  Koa: around(koa),
  Hono: around(hono),
  h3: around(h3),
}

function around(make: (act: Act) => Listener) {
  return (act: Act, sessions: Sessions<Any> | undefined): Listener =>
    sessions ? withSessions(sessions, make(act)) : make(act)
}

/** Serves a listener until it is disposed of. */
export async function serve(listener: Listener): Promise<{ port: number } & AsyncDisposable> {
  const server = createServer((request, response) => void listener(request, response))
  server.listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
    },
  }
}
