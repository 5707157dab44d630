import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createClient } from 'redis'
import { describe, expect, it } from 'vitest'
import { redisOptions } from '../src/index.ts'
import { redisRig } from './redis-rig.ts'

const SECRET = 'a secret of at least thirty-two characters'
type Make = (client: unknown, secret: string) => RequestListener
const example = (name: string) => import(new URL(`../examples/from-express-session/${name}.mjs`, import.meta.url).href)
const { before }: { before: Make } = await example('before')
const { after }: { after: Make } = await example('after')

async function serve(app: RequestListener) {
  const server = createServer(app)
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const close = async () => {
    server.closeAllConnections()
    server.close()
  }
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close }
}

/** The application of the example, on a Redis of its own, first on express-session and then on ours. */
async function changingOver() {
  const rig = await redisRig()
  const old = createClient({ url: `redis://127.0.0.1:${rig.port}` })
  await old.connect()
  const client = rig.client(redisOptions)
  await once(client, 'ready')
  const servers = [
    await serve(before(old, SECRET)),
    await serve(after(client, SECRET)),
    await serve(after(client, SECRET)),
  ]
  const [from, to, second] = servers.map(({ url }) => url) as [string, string, string]
  return {
    from,
    to,
    second,
    client,
    [Symbol.asyncDispose]: async () => {
      for (const server of servers) await server.close()
      await old.close()
      await rig[Symbol.asyncDispose]()
    },
  }
}

/** A browser: it keeps cookies, on whichever server they were given. */
function browser(cookies = new Map<string, string>()) {
  const send = async (url: string, init: RequestInit = {}) => {
    const cookie = [...cookies].map((pair) => pair.join('=')).join('; ')
    const response = await fetch(url, { ...init, redirect: 'manual', headers: { ...init.headers, cookie } })
    for (const line of response.headers.getSetCookie()) {
      const [name = '', value = ''] = (line.split(';')[0] as string).split(/=(.*)/s)
      if (/Max-Age=0|Expires=Thu, 01 Jan 1970/.test(line)) cookies.delete(name)
      else cookies.set(name, value)
    }
    return response
  }
  return {
    cookies,
    copy: () => browser(new Map(cookies)),
    page: async (at: string) =>
      (await (await send(at)).json()) as Record<'user' | 'notes' | 'messages' | 'token', never>,
    post: (at: string, path: string, body: object, token = '') =>
      send(at + path, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-csrf-token': token },
        body: JSON.stringify(body),
      }),
  }
}

/** Ada, logged in and with a note, on express-session. */
async function ada({ from }: { from: string }) {
  const user = browser()
  await user.post(from, '/login', { username: 'ada', password: 'right' })
  const { token } = await user.page(from)
  await user.post(from, '/notes', { note: 'tea' }, token)
  return { user, token }
}

describe('an Express application that comes from express-session and connect-redis', () => {
  it('keeps its users logged in, with what their sessions held, and their forms valid', async () => {
    await using n = await changingOver()
    const { user, token } = await ada(n)
    expect(await user.page(n.to)).toMatchObject({ user: 'ada', notes: ['tea'], messages: [] })
    expect([...user.cookies.keys()]).toEqual(['SESSION'])
    expect((await user.post(n.to, '/notes', { note: 'milk' }, token)).status).toBe(302)
    expect((await user.page(n.second)).notes).toEqual(['tea', 'milk'])
    expect(await n.client.keys('sess:*')).toEqual([])
  })

  it('makes one session of parallel requests with one old cookie, on two servers', async () => {
    await using n = await changingOver()
    const { user } = await ada(n)
    const copies = Array.from({ length: 6 }, () => user.copy())
    const pages = await Promise.all(copies.map((copy, i) => copy.page(i % 2 ? n.to : n.second)))
    expect(pages.map((shown) => shown.user)).toEqual(Array(6).fill('ada'))
    expect(new Set(copies.map(({ cookies }) => cookies.get('SESSION'))).size).toBe(1)
    expect(await n.client.keys('*sessions:*')).toHaveLength(1)
  })

  it('takes no cookie that it has not signed, and no session twice', async () => {
    await using n = await changingOver()
    const { user } = await ada(n)
    const [forged, late] = [user.copy(), user.copy()]
    forged.cookies.set('connect.sid', `${forged.cookies.get('connect.sid')?.slice(0, -3)}xyz`)
    expect((await forged.page(n.to)).user).toBeNull()
    await user.page(n.to)
    await user.post(n.to, '/logout', {})
    expect(await user.page(n.to)).toMatchObject({ user: null, messages: ['Goodbye'] })
    expect((await late.page(n.to)).user).toBeNull() // a logout stays a logout
  })

  it('logs in and out as before: a wrong password, a new id, a message once, a forged form, compressed pages', async () => {
    await using n = await changingOver()
    for (const at of [n.from, n.to]) {
      const user = browser()
      expect((await user.post(at, '/login', { username: 'ada', password: 'wrong' })).status).toBe(401)
      await user.page(at)
      const before = [...user.cookies.values()][0]
      expect((await user.post(at, '/login', { username: 'ada', password: 'right' })).status).toBe(302)
      expect([...user.cookies.values()][0]).not.toBe(before)
      expect(await user.page(at)).toMatchObject({ user: 'ada', messages: ['Welcome'] })
      expect((await user.page(at)).messages).toEqual([])
      expect((await user.post(at, '/notes', { note: 'x' }, 'forged')).status).toBe(403)
      await user.post(at, '/logout', {})
      expect((await user.page(at)).user).toBeNull()
      expect((await fetch(at)).headers.get('content-encoding')).toMatch(/gzip|br/)
    }
  })
})
