import { describe, expect, it } from 'vitest'
import { gate, node } from '../test/app.ts'
import { browser, setCookies } from '../test/browser.ts'

const OLD = 'old-session-id.with-its-signature'

async function changingOver(read: () => Promise<{ attributes: Record<string, unknown>; user?: string } | undefined>) {
  const n = await node()
  n.app.addHook('onRequest', async (request) => {
    const { old } = request.headers
    if (typeof old === 'string') await n.sessions.of(request).adopt(old, read)
  })
  n.on('/get', (session) => session.get('q'))
  n.on('/logout', (session) => session.invalidate())
  const ask = (url: string, cookie = '') => n.app.inject({ url, headers: { old: OLD, cookie } })
  return { ...n, ask }
}

describe('session.adopt', () => {
  it('gives the client a session with what the old one held, saved and owned', async () => {
    await using n = await changingOver(async () => ({ attributes: { q: 'kept' }, user: 'ada' }))
    const response = await n.ask('/get')
    expect(response.json()).toEqual({ value: 'kept' })
    expect(await n.sessions.ofUser('ada')).toHaveLength(1)
    const user = browser(n.app)
    user.cookies.set('SESSION', String(setCookies(response)[0]?.split(/[=;]/)[1]))
    expect((await user.get('/get')).json()).toEqual({ value: 'kept' })
  })

  it('makes one session of parallel requests that bring the same old cookie', async () => {
    const [reached, go] = [gate(), gate()]
    let reads = 0
    await using n = await changingOver(async () => {
      if (++reads === 4) reached.open()
      await go.opened
      return { attributes: { q: 'kept' } }
    })
    const all = Promise.all([1, 2, 3, 4].map(() => n.ask('/get')))
    await reached.opened
    go.open()
    const responses = await all
    expect(responses.map((response) => response.json().value)).toEqual(Array(4).fill('kept'))
    expect(new Set(responses.flatMap(setCookies)).size).toBe(1)
    expect((await n.sessions.list()).sessions).toHaveLength(1)
  })

  it('leaves alone a client who has a session, and asks nothing of the old store', async () => {
    let reads = 0
    await using n = await changingOver(async () => {
      reads++
      return { attributes: { q: 'old' } }
    })
    n.on('/set', (session) => session.set('q', 'new'))
    const cookie = String(setCookies(await n.app.inject('/set'))[0]).split(';')[0] as string
    expect((await n.ask('/get', cookie)).json()).toEqual({ value: 'new' })
    expect(reads).toBe(0)
  })

  it('makes nothing when there is no old session any more', async () => {
    await using n = await changingOver(async () => undefined)
    const response = await n.ask('/get')
    expect([response.json().value, setCookies(response)]).toEqual([null, []])
  })

  it('refuses a secret that anybody could guess', async () => {
    await using n = await node()
    n.on('/adopt', (session) => session.adopt('1', async () => ({ attributes: {} })))
    expect((await n.app.inject('/adopt')).json().message).toContain('session.adopt: secret')
  })
})
