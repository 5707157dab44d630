import compression from 'compression'
import { RedisStore } from 'connect-redis'
import express from 'express'
import session from 'express-session'
import { routes } from './routes.mjs'

/** The application on express-session and connect-redis. `client` is node-redis's. */
export function before(client, secret) {
  const app = express()
  app.use(compression({ threshold: 0 }))
  app.use(session({ store: new RedisStore({ client }), secret, resave: false, saveUninitialized: false }))
  app.use(routes())
  return app
}
