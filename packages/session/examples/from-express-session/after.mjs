import { expressSyncSessions } from '@session-cluster/session/express-session'
import { createSessions, expressSessions, redisStore } from '@session-cluster/session/http'
import compression from 'compression'
import { parse } from 'cookie'
import { unsign } from 'cookie-signature'
import express from 'express'
import { routes } from './routes.mjs'

/** The same application on our sessions, its users still logged in. `client` is ioredis's, for the same Redis. */
export function after(client, secret) {
  const app = express()
  const sessions = createSessions({ store: redisStore({ client }), cookie: { secure: 'auto' } })
  app.use(compression({ threshold: 0 }))
  app.use(expressSessions(sessions))

  // Until the last session of express-session has expired:
  app.use(async (request, response, next) => {
    const cookie = parse(request.headers.cookie ?? '')['connect.sid']
    const id = cookie?.startsWith('s:') && unsign(cookie.slice(2), secret)
    if (!id) return next()
    await sessions.of(request).adopt(cookie, async () => {
      const text = await client.get(`sess:${id}`)
      if (text === null) return undefined
      const { cookie: _, ...attributes } = JSON.parse(text)
      return { attributes }
    })
    await client.del(`sess:${id}`)
    response.clearCookie('connect.sid')
    next()
  })

  app.use(expressSyncSessions(sessions))
  app.use(routes())
  return app
}
