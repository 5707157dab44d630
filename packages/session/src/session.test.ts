import { describe, expect, it } from 'vitest'
import { fakeClock, gate, node } from '../test/app.ts'
import { browser, setCookies } from '../test/browser.ts'
import { flakyStore } from '../test/flaky-store.ts'

const json = (response: { json(): unknown }) => (response.json() as { value: unknown }).value

describe('a session', () => {
  it('is lazy: a request that does not ask for it costs the store nothing', async () => {
    const store = flakyStore()
    await using n = await node({ store })
    n.on('/set', (session) => session.set('q', 1))
    n.app.get('/untouched', async () => 'ok')
    n.on('/of', (session) => session.report())
    const user = browser(n.app)
    await user.get('/set')
    store.calls.length = 0
    await user.get('/untouched')
    expect(json(await user.get('/of'))).toMatchObject({ cookie: 'present', outcome: 'untouched', storeCommands: 0 })
    expect(store.calls).toEqual([])
  })

  it('reads nothing and makes nothing for a visitor without a cookie', async () => {
    const store = flakyStore()
    await using n = await node({ store })
    n.on('/read', async (session) => [
      await session.get('q'),
      await session.keys(),
      await session.info(),
      await session.take('q'),
    ])
    n.on('/delete', (session) => session.delete('q'))
    for (const url of ['/read', '/delete']) expect(setCookies(await browser(n.app).get(url))).toEqual([])
    expect(store.calls).toEqual([])
  })

  it('asks the store once per request, however often it is read', async () => {
    const store = flakyStore()
    await using n = await node({ store })
    n.on('/set', (session) => session.set('a', 1))
    n.on('/read', async (session) => [await Promise.all([session.get('a'), session.get('b')]), await session.keys()])
    const user = browser(n.app)
    await user.get('/set')
    store.calls.length = 0
    expect(json(await user.get('/read'))).toEqual([[1, null], ['a']])
    expect(store.calls).toEqual(['load'])
  })

  it('reads what this request has set, deleted and taken', async () => {
    await using n = await node()
    n.on('/set', (session) => session.set('old', 'x'))
    n.on('/mix', async (session) => {
      await session.set('a', { deep: [1] })
      await session.set('b', 2)
      await session.delete('b')
      const taken = await session.take('old')
      return [await session.get('a'), await session.get('b'), taken, await session.get('old'), await session.keys()]
    })
    n.on('/keys', (session) => session.keys())
    const user = browser(n.app)
    await user.get('/set')
    expect(json(await user.get('/mix'))).toEqual([{ deep: [1] }, null, 'x', null, ['a']])
    expect(json(await user.get('/keys'))).toEqual(['a'])
  })

  it('loses nothing when a write is not awaited', async () => {
    await using n = await node()
    n.app.get('/set', (request, reply) => {
      void n.sessions.of(request).set('q', 'not awaited')
      return reply.send('ok')
    })
    n.on('/get', (session) => session.get('q'))
    const user = browser(n.app)
    await user.get('/set')
    await user.get('/set')
    expect(json(await user.get('/get'))).toBe('not awaited')
  })

  it('removes an attribute that is set to undefined', async () => {
    await using n = await node()
    n.on('/set', (session) => session.set('q', 1))
    n.on('/unset', (session) => session.set('q', undefined))
    n.on('/keys', (session) => session.keys())
    const user = browser(n.app)
    for (const url of ['/set', '/unset']) await user.get(url)
    expect(json(await user.get('/keys'))).toEqual([])
  })

  it('tells what is known of it, and is new only in the request that made it', async () => {
    const clock = fakeClock()
    const start = clock.now()
    await using n = await node({ now: clock.now, touchEveryMs: 0 })
    n.on('/set', async (session) => {
      await session.set('q', 1)
      const info = await session.info()
      return { ...info, id: info?.id }
    })
    n.on('/info', (session) => session.info())
    const user = browser(n.app)
    const made = json(await user.get('/set')) as Record<string, unknown>
    expect(made).toMatchObject({ isNew: true, createdAt: start, lastAccessedAt: start })
    expect(made.id).toBe(user.cookies.get('SESSION'))
    clock.pass(5000)
    expect(json(await user.get('/info'))).toMatchObject({ isNew: false, createdAt: start, lastAccessedAt: start })
    clock.pass(5000)
    const { maskedId, lastAccessedAt } = json(await user.get('/info')) as { maskedId: string; lastAccessedAt: number }
    expect(lastAccessedAt).toBe(start + 5000)
    expect(maskedId).toBe(`…${String(made.id).slice(-2)}`)
  })

  it('throws on any use after invalidate, and has no info', async () => {
    await using n = await node()
    n.on('/set', (session) => session.set('q', 1))
    n.on('/end', async (session) => {
      await session.invalidate()
      await session.invalidate()
      const uses = [() => session.get('q'), () => session.set('q', 1), () => session.keys(), () => session.rotate()]
      const codes = await Promise.all(
        uses.map((use) =>
          use().then(
            () => 'fine',
            (error) => error.code as string,
          ),
        ),
      )
      return [await session.info(), ...codes]
    })
    const user = browser(n.app)
    await user.get('/set')
    const refused = 'SESSION_INVALIDATED'
    expect(json(await user.get('/end'))).toEqual([null, refused, refused, refused, refused])
  })
})

describe('update', () => {
  it('is saved at once and read back within the request', async () => {
    await using n = await node()
    n.on('/add', async (session) => {
      const answer = await session.update('n', (value) => ((value as number) ?? 0) + 1)
      return [answer, await session.get('n'), session.report().commit]
    })
    const user = browser(n.app)
    expect(json(await user.get('/add'))).toEqual([1, 1, 'ok'])
    expect(json(await user.get('/add'))).toEqual([2, 2, 'ok'])
  })

  it('calls its function again when another writer was faster', async () => {
    await using n = await node()
    const [reached, go] = [gate(), gate()]
    let calls = 0
    n.on('/set', (session) => session.set('n', 1))
    n.on('/slow', (session) =>
      session.update('n', async (value) => {
        if (++calls === 1) {
          reached.open()
          await go.opened
        }
        return (value as number) * 10
      }),
    )
    n.on('/five', (session) => session.set('n', 5))
    const user = browser(n.app)
    await user.get('/set')
    const slow = user.copy().get('/slow')
    await reached.opened
    await user.get('/five')
    go.open()
    expect(json(await slow)).toBe(50)
    expect(calls).toBe(2)
  })

  it('starts from what this request has set, removes on undefined, and leaves other changes staged', async () => {
    await using n = await node()
    n.on('/mix', async (session) => {
      await session.set('other', 'staged')
      await session.set('n', 41)
      const sum = await session.update('n', (value) => (value as number) + 1)
      await session.update('gone', () => undefined)
      return sum
    })
    n.on('/drop', (session) => session.update('n', () => undefined))
    n.on('/all', async (session) => [await session.keys(), await session.get('n')])
    const user = browser(n.app)
    expect(json(await user.get('/mix'))).toBe(42)
    expect(json(await user.get('/all'))).toEqual([['n', 'other'], 42])
    await user.get('/drop')
    expect(json(await user.get('/all'))).toEqual([['other'], null])
  })

  it('saves nothing when its function throws', async () => {
    await using n = await node()
    n.on('/set', (session) => session.set('n', 1))
    n.on('/fail', (session) =>
      session.update('n', () => {
        throw new Error('no')
      }),
    )
    n.on('/get', (session) => session.get('n'))
    const user = browser(n.app)
    await user.get('/set')
    expect((await user.get('/fail')).statusCode).toBe(500)
    expect(json(await user.get('/get'))).toBe(1)
  })
})

describe('rotate', () => {
  it('keeps the data, changes the id, and says who it is and since when', async () => {
    const clock = fakeClock()
    await using n = await node({ now: clock.now })
    n.on('/set', (session) => session.set('cart', ['tea']))
    n.on('/login', async (session) => {
      await session.rotate({ user: 'bob' })
      await session.set('extra', 1)
      const info = await session.info()
      return { ...info, id: info?.id }
    })
    n.on('/all', async (session) => [await session.get('cart'), await session.get('extra'), await session.info()])
    const user = browser(n.app)
    await user.get('/set')
    const old = user.copy()
    clock.pass(1000)
    const told = json(await user.get('/login'))
    expect(told).toMatchObject({ id: user.cookies.get('SESSION'), user: 'bob', authenticatedAt: clock.now() })
    const kept = json(await user.get('/all'))
    expect(kept).toMatchObject([['tea'], 1, { user: 'bob', authenticatedAt: clock.now() }])
    expect(user.cookies.get('SESSION')).not.toBe(old.cookies.get('SESSION'))
    expect(json(await old.get('/all'))).toEqual([null, null, null])
  })

  it('makes a session when there is none, and keeps the user when it is not named again', async () => {
    await using n = await node()
    n.on('/login', (session) => session.rotate({ user: 'bob' }))
    n.on('/again', (session) => session.rotate())
    n.on('/user', async (session) => (await session.info())?.user)
    const user = browser(n.app)
    await user.get('/login')
    const first = user.cookies.get('SESSION')
    expect(json(await user.get('/user'))).toBe('bob')
    await user.get('/again')
    expect(user.cookies.get('SESSION')).not.toBe(first)
    expect(json(await user.get('/user'))).toBe('bob')
    expect(await n.sessions.ofUser('bob')).toHaveLength(1)
  })

  it.each(['', 'x'.repeat(1025), '\ud800', 5])('refuses a user that is no name: %j', async (user) => {
    await using n = await node()
    n.on('/login', (session) => session.rotate({ user: user as string }))
    const { statusCode, json: body } = await browser(n.app).get('/login')
    expect(statusCode).toBe(500)
    expect(body().message).toContain('session.rotate: user is')
  })
})

describe('values', () => {
  it('come frozen, as deep as they are plain', async () => {
    await using n = await node()
    n.on('/set', (session) => session.set('cart', { items: [{ id: 1 }] }))
    n.on('/push', async (session) => {
      const cart = (await session.get('cart')) as { items: { id: number }[] }
      cart.items.push({ id: 2 })
    })
    const user = browser(n.app)
    await user.get('/set')
    const { statusCode, body } = await user.get('/push')
    expect(statusCode).toBe(500)
    expect(body).toContain('not extensible')
  })

  it('that were changed after set are an error that names the attribute, in development', async () => {
    await using n = await node({ checkMutations: true })
    n.on('/set', async (session) => {
      const cart = ['tea']
      await session.set('cart', cart)
      cart.push('milk')
    })
    const { statusCode, json: body } = await browser(n.app).get('/set')
    expect(statusCode).toBe(500)
    expect(body()).toMatchObject({ code: 'SESSION_VALUE_MUTATED', message: expect.stringContaining('"cart"') })
  })

  it('are refused at set when they would not come back, with the attribute, the path and the reason', async () => {
    await using n = await node()
    n.on('/set', (session) => session.set('order', { items: [{ at: new Date() }] }))
    const { json: body } = await browser(n.app).get('/set')
    expect(body()).toMatchObject({ code: 'SESSION_VALUE_REFUSED' })
    expect((body() as { message: string }).message).toMatch(
      /"order" was refused: value\.items\[0\]\.at is an instance of Date/,
    )
  })

  it('that cannot be read any longer read as absent, with an event, and can be replaced', async () => {
    const store = flakyStore()
    await using n = await node({ store })
    const unreadable: string[] = []
    n.sessions.on('unreadable', ({ attribute }) => unreadable.push(attribute))
    n.on('/set', async (session) => {
      await session.set('good', 1)
      await session.set('bad', 2)
    })
    n.on('/read', async (session) => [await session.get('good'), await session.get('bad')])
    n.on('/add', (session) => session.update('bad', (value) => ((value as number) ?? 0) + 1))
    const user = browser(n.app)
    await user.get('/set')
    const [summary] = (await n.sessions.list()).sessions
    const options = { now: Date.now(), lifetime: n.sessions.options.lifetime }
    await store.commit(summary?.handle ?? '', { set: new Map([['bad', Buffer.from('{"torn')]]) }, options)
    expect(json(await user.get('/read'))).toEqual([1, null])
    expect(unreadable).toEqual(['bad'])
    expect(json(await user.get('/add'))).toBe(1)
  })
})
