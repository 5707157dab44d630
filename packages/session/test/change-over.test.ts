import { once } from 'node:events'
import type { FastifyInstance } from 'fastify'
import { createClient } from 'redis'
import { describe, expect, it } from 'vitest'
import { after } from '../examples/from-fastify-session/after.ts'
import { redisOptions } from '../src/index.ts'
import { type Browser, browser, setCookies } from './browser.ts'
import { redisRig } from './redis-rig.ts'

const SECRET = 'a secret of at least thirty-two characters'

/** Untyped, as its types and ours give one property two types. */
const { before }: { before(client: unknown, secret: string): Promise<FastifyInstance> } = await import(
  new URL('../examples/from-fastify-session/before.mjs', import.meta.url).href
)

/** The application of the example, on a Redis of its own, first on @fastify/session and then on ours. */
async function changingOver() {
  const rig = await redisRig()
  const old = createClient({ url: `redis://127.0.0.1:${rig.port}` })
  await old.connect()
  const client = rig.client(redisOptions)
  await once(client, 'ready')
  const apps = { before: await before(old, SECRET), after: await after(client, SECRET) }
  return {
    apps,
    client,
    [Symbol.asyncDispose]: async () => {
      for (const app of Object.values(apps)) await app.close()
      await old.close()
      await rig[Symbol.asyncDispose]()
    },
  }
}

const post = (user: Browser, app: FastifyInstance, url: string, payload: object, token = '') =>
  user.send({ method: 'POST', url, payload, headers: { 'csrf-token': token } }, app)

interface Page {
  readonly user: string | null
  readonly notes: string[]
  readonly messages: string[]
  readonly token: string
}

const page = async (user: Browser, app: FastifyInstance): Promise<Page> => (await user.get('/', app)).json()

/** Ada, logged in and with a note, on @fastify/session. */
async function ada({ before }: { before: FastifyInstance }) {
  const user = browser(before)
  await post(user, before, '/login', { user: 'ada', password: 'right' })
  const { token } = await page(user, before)
  await post(user, before, '/notes', { note: 'tea' }, token)
  return { user, token }
}

describe('an application that comes from @fastify/session and connect-redis', () => {
  it('keeps its users logged in, with what their sessions held, and their forms valid', async () => {
    await using n = await changingOver()
    const { user, token } = await ada(n.apps)
    const { after } = n.apps
    expect(await page(user, after)).toMatchObject({ user: 'ada', notes: ['tea'], messages: [] })
    expect([...user.cookies.keys()]).toEqual(['SESSION'])
    expect((await post(user, after, '/notes', { note: 'milk' }, token)).statusCode).toBe(302)
    expect((await page(user, after)).notes).toEqual(['tea', 'milk'])
    expect(await n.client.keys('sess:*')).toEqual([])
  })

  it('makes one session of parallel requests with one old cookie', async () => {
    await using n = await changingOver()
    const { user } = await ada(n.apps)
    const { after } = n.apps
    const copies = [1, 2, 3, 4, 5, 6].map(() => user.copy())
    const pages = await Promise.all(copies.map((copy) => page(copy, after)))
    expect(pages.map((shown) => shown.user)).toEqual(Array(6).fill('ada'))
    expect(new Set(copies.map(({ cookies }) => cookies.get('SESSION'))).size).toBe(1)
    expect(await n.client.keys('*sessions:*')).toHaveLength(1)
  })

  it('takes no cookie that it has not signed, and no session twice', async () => {
    await using n = await changingOver()
    const { user } = await ada(n.apps)
    const { after } = n.apps
    const [forged, late] = [user.copy(), user.copy()]
    forged.cookies.set('sessionId', `${forged.cookies.get('sessionId')?.slice(0, -3)}xyz`)
    expect((await page(forged, after)).user).toBeNull()
    await page(user, after)
    await post(user, after, '/logout', {})
    expect(await page(user, after)).toMatchObject({ user: null, messages: ['Goodbye'] })
    expect((await page(late, after)).user).toBeNull() // a logout stays a logout
  })

  it('logs in and out as before: a wrong password, a message once, a forged form', async () => {
    await using n = await changingOver()
    for (const app of Object.values(n.apps)) {
      const user = browser(app)
      const wrong = await post(user, app, '/login', { user: 'ada', password: 'wrong' })
      expect(wrong.statusCode).toBe(401)
      const login = await post(user, app, '/login', { user: 'ada', password: 'right' })
      expect([login.statusCode, setCookies(login).length]).toEqual([302, 1])
      expect(await page(user, app)).toMatchObject({ user: 'ada', messages: ['Welcome'] })
      expect((await page(user, app)).messages).toEqual([])
      expect((await post(user, app, '/notes', { note: 'x' }, 'forged')).statusCode).toBe(403)
      await post(user, app, '/logout', {})
      expect((await page(user, app)).user).toBeNull()
    }
  })
})
