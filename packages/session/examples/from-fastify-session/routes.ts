import csrf from '@fastify/csrf-protection'
import { Authenticator, Strategy } from '@fastify/passport'
import type { FastifyInstance, FastifyRequest } from 'fastify'

declare module 'fastify' {
  interface PassportUser {
    id: string
  }
}

/** Stands for your strategy: the password is `right`. */
class PasswordStrategy extends Strategy {
  override authenticate(request: FastifyRequest): void {
    const { user, password } = request.body as { user: string; password: string }
    if (password === 'right') this.success({ id: user })
    else this.fail()
  }
}

/** The application itself, with passport, flash and CSRF. It is the same before and after. */
export async function routes(app: FastifyInstance): Promise<void> {
  const passport = new Authenticator()
  passport.use('password', new PasswordStrategy('password'))
  passport.registerUserSerializer(async (user: { id: string }) => user.id)
  passport.registerUserDeserializer(async (id: string) => ({ id }))
  await app.register(passport.initialize()) // brings @fastify/flash along
  await app.register(passport.secureSession())
  await app.register(csrf, { sessionPlugin: '@fastify/session' })

  app.get('/', async (request, reply) => ({
    user: request.user?.id ?? null,
    notes: request.session.notes ?? [],
    messages: reply.flash('info'),
    token: reply.generateCsrf(),
  }))
  app.post('/login', { preValidation: passport.authenticate('password') }, async (request, reply) => {
    request.flash('info', 'Welcome')
    return reply.redirect('/')
  })
  app.post('/logout', async (request, reply) => {
    await request.logout()
    request.flash('info', 'Goodbye')
    return reply.redirect('/')
  })
  app.post('/notes', { preHandler: app.csrfProtection }, async (request, reply) => {
    const { note } = request.body as { note: string }
    request.session.notes = [...(request.session.notes ?? []), note]
    return reply.redirect('/')
  })
}
