import flash from 'connect-flash'
import { csrfSync } from 'csrf-sync'
import { json, Router } from 'express'
import passportModule from 'passport'
import { Strategy } from 'passport-local'

/** The application itself, with passport, flash and CSRF. It is the same before and after. */
export function routes() {
  const passport = new passportModule.Passport()
  // Stands for your strategy: the password is `right`.
  passport.use(new Strategy((user, password, done) => done(null, password === 'right' && { id: user })))
  passport.serializeUser((user, done) => done(null, user.id))
  passport.deserializeUser((id, done) => done(null, { id }))
  const { csrfSynchronisedProtection, generateToken } = csrfSync()

  const router = Router()
  router.use(json(), passport.session(), flash())
  router.get('/', (request, response) => {
    response.json({
      user: request.user?.id ?? null,
      notes: request.session.notes ?? [],
      messages: request.flash('info'),
      token: generateToken(request),
    })
  })
  router.post('/login', passport.authenticate('local'), (request, response) => {
    request.flash('info', 'Welcome')
    response.redirect('/')
  })
  router.post('/logout', (request, response, next) => {
    request.logout((error) => {
      if (error) return next(error)
      request.flash('info', 'Goodbye')
      response.redirect('/')
    })
  })
  router.post('/notes', csrfSynchronisedProtection, (request, response) => {
    request.session.notes = [...(request.session.notes ?? []), request.body.note]
    response.redirect('/')
  })
  return router
}
