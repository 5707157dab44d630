import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { describe, expect, it } from 'vitest'
import { expressSyncSessions, type SyncSession } from '../express-session.ts'
import { createSessions, memoryStore, withSessions } from '../http.ts'

/** What these tests need of Express and passport, which bring no types. */
interface Request extends IncomingMessage {
  session: SyncSession<{ cart: string[] }>
  user?: string
  isAuthenticated(): boolean
  logout(done: (error?: unknown) => void): void
}
interface Response extends ServerResponse {
  send(body: unknown): void
  sendStatus(status: number): void
}
type Handler = (request: Request, response: Response, next: (error?: unknown) => void) => unknown
const require = createRequire(import.meta.url)
const express = require('express') as () => {
  use(...handlers: Handler[]): void
  get(url: string, ...handlers: Handler[]): void
  listen(port: number, host: string): import('node:http').Server
}
const { Passport } = require('passport')
const { Strategy } = require('passport-local')

async function server() {
  const sessions = createSessions<{ cart: string[] }>({ store: memoryStore(), cookie: { secure: false } })
  const passport = new Passport()
  const check = (user: string, password: string, done: (error: unknown, user: unknown) => void) =>
    done(null, password === 'right' && user)
  passport.use(new Strategy(check))
  passport.serializeUser((user: string, done: (error: unknown, id: string) => void) => done(null, user))
  passport.deserializeUser((id: string, done: (error: unknown, user: string) => void) => done(null, id))
  const app = express()
  app.use((request, response, next) => withSessions(sessions, () => next())(request, response))
  app.use(expressSyncSessions(sessions) as unknown as Handler)
  app.use(passport.session())
  app.get('/login', passport.authenticate('local'), (request, response) => response.send(request.user))
  app.get('/me', (request, response) => (request.user ? response.send(request.user) : response.sendStatus(401)))
  app.get('/logout', (request, response, next) =>
    request.logout((error) => (error ? next(error) : response.send('bye'))),
  )
  app.get('/cart', (request, response) => {
    request.session.cart = [...(request.session.cart ?? []), 'tea']
    response.send(request.session.cart)
  })
  app.get('/end', (request, response) => request.session.destroy(() => response.send(String(request.session))))
  const listening = app.listen(0, '127.0.0.1')
  await once(listening, 'listening')
  return {
    visitor: () => visitor(listening.address() as AddressInfo),
    [Symbol.asyncDispose]: async () => void listening.close(),
  }
}

function visitor({ port }: AddressInfo, cookie = '') {
  let held = cookie
  const get = async (url: string) => {
    const headers = { cookie: held, connection: 'close' }
    const response = await fetch(`http://127.0.0.1:${port}${url}`, { headers })
    const [line] = response.headers.getSetCookie()
    if (line) held = line.includes('Max-Age=0') ? '' : (line.split(';')[0] as string)
    return { status: response.status, body: await response.text() }
  }
  return { get, cookie: () => held, copy: () => visitor({ port } as AddressInfo, held) }
}

describe('Express and passport on request.session', () => {
  it('logs in with a new id, keeps the user logged in, and logs out every copy of the cookie', async () => {
    await using s = await server()
    const user = s.visitor()
    await user.get('/cart')
    const before = user.copy()
    expect(await user.get('/login?username=ada&password=right')).toEqual({ status: 200, body: 'ada' })
    expect(user.cookie()).not.toBe(before.cookie())
    expect(await user.get('/me')).toEqual({ status: 200, body: 'ada' })
    expect((await before.get('/me')).status).toBe(401)
    const copy = user.copy()
    expect((await user.get('/logout')).body).toBe('bye')
    expect((await user.get('/me')).status).toBe(401)
    expect((await copy.get('/me')).status).toBe(401)
  })

  it('refuses a wrong password and a visitor', async () => {
    await using s = await server()
    const user = s.visitor()
    expect((await user.get('/login?username=ada&password=wrong')).status).toBe(401)
    expect([(await user.get('/me')).status, user.cookie()]).toEqual([401, ''])
  })

  it('saves what is changed in place, and ends the session on destroy', async () => {
    await using s = await server()
    const user = s.visitor()
    await user.get('/cart')
    expect((await user.get('/cart')).body).toBe('["tea","tea"]')
    expect((await user.get('/end')).body).toBe('null')
    expect(user.cookie()).toBe('')
  })
})
