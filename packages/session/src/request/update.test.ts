import { afterAll, describe, expect, it } from 'vitest'
import { type Any, gate, node } from '../../test/app.ts'
import { browser } from '../../test/browser.ts'
import { redisRig } from '../../test/redis-rig.ts'
import { createSessions, fastifySessions } from '../index.ts'
import { memoryStore } from '../store/memory.ts'
import { redisStore } from '../store/redis/redis.ts'
import { SerialQueue, WaitedTooLong } from './serial-queue.ts'

const rig = await redisRig()
afterAll(() => rig[Symbol.asyncDispose]())
const stores = {
  memory: () => memoryStore(),
  Redis: () => redisStore({ client: rig.client() }),
}
const add = (n: unknown) => ((n as number) ?? 0) + 1
const code = (error: unknown) => (error as { code: string }).code

describe.each(Object.entries(stores))('an update within an update on %s', (_name, make) => {
  /** A node whose handlers may call it: by a URL, as another service would, or by inject. */
  async function nested(updateWaitMs = 2_000) {
    const n = await node({ store: make(), storeTimeoutMs: 30_000, updateWaitMs })
    const user = browser(n.app)
    const headers = () => ({ cookie: `SESSION=${user.cookies.get('SESSION')}` })
    n.on('/set', (session) => session.set('a', 1))
    n.on('/a', (session) => session.update('a', add))
    n.on('/b', (session) => session.update('b', add))
    n.on('/all', async (session) => [await session.get('a'), await session.get('b')])
    n.on('/other', (session) =>
      session.update('a', async (a) => {
        await null
        await session.update('b', add)
        return add(a)
      }),
    )
    n.on('/same', (session) =>
      session.update('a', async (a) => {
        await session.update('a', add)
        return add(a)
      }),
    )
    n.on('/deep', (session) =>
      session.update('a', () => session.update('b', () => session.update('a', add) as never) as never),
    )
    n.on('/later', async (session) => {
      const { opened, open } = gate()
      let late: Promise<unknown> | undefined
      await session.update('a', (a) => {
        late = opened.then(() => session.update('a', add))
        return add(a)
      })
      open()
      return late
    })
    let at = ''
    for (const inner of ['a', 'b']) {
      n.on(`/inject-${inner}`, (session) =>
        session.update('a', async (a) => {
          const { statusCode } = await n.app.inject({ url: `/${inner}`, headers: headers() })
          if (statusCode !== 200) throw Object.assign(new Error('inner'), { statusCode })
          return add(a)
        }),
      )
      n.on(`/fetch-${inner}`, (session) =>
        session.update('a', async () => (await fetch(`${at}/${inner}`, { headers: headers() })).status),
      )
    }
    at = await n.app.listen({ port: 0, host: '127.0.0.1' })
    return { ...n, user, [Symbol.asyncDispose]: () => n[Symbol.asyncDispose]() }
  }

  it.each([true, false])('works for another attribute (session saved before: %s)', async (isSaved) => {
    await using n = await nested()
    if (isSaved) await n.user.get('/set')
    expect((await n.user.get('/other')).statusCode).toBe(200)
    expect((await n.user.get('/all')).json()).toEqual({ value: [isSaved ? 2 : 1, 1] })
  })

  it.each(['/same', '/deep'])('is an error that says so for the same attribute: %s', async (url) => {
    await using n = await nested()
    for (const saved of [false, true]) {
      if (saved) await n.user.get('/set')
      const response = await n.user.get(url)
      expect([response.statusCode, response.json().code]).toEqual([500, 'SESSION_UPDATE_NESTED'])
    }
  })

  it('is none when it begins after the other has ended', async () => {
    await using n = await nested()
    await n.user.get('/set')
    expect((await n.user.get('/later')).json()).toEqual({ value: 3 })
  })

  it('is known by way of inject', async () => {
    await using n = await nested()
    await n.user.get('/set')
    expect((await n.user.get('/inject-b')).json()).toEqual({ value: 2 })
    expect((await n.user.get('/inject-a')).statusCode).toBe(500)
    expect((await n.user.get('/all')).json()).toEqual({ value: [2, 1] })
  })

  it('is a 409 by way of a request to the same server, and others go on', async () => {
    await using n = await nested(100)
    await n.user.get('/set')
    for (const url of ['/fetch-a', '/fetch-b']) expect((await n.user.get(url)).json()).toEqual({ value: 409 })
    expect((await n.user.get('/a')).json()).toEqual({ value: 410 })
  })
})

describe('updates of two managers', () => {
  it('that wait for each other’s sessions end after the time that one may wait', async () => {
    const [one, two] = ['ONE', 'TWO'].map((name) =>
      createSessions<Any>({ store: memoryStore(), cookie: { name }, updateWaitMs: 100 }),
    ) as [ReturnType<typeof createSessions<Any>>, ReturnType<typeof createSessions<Any>>]
    await using n = await node()
    await n.app.register(fastifySessions, { sessions: one })
    await n.app.register(fastifySessions, { sessions: two })
    const both = [gate(), gate()] as const
    n.app.get('/set', async (request) => {
      await one.of(request).set('a', 1)
      await two.of(request).set('a', 1)
    })
    for (const [i, [outer, inner]] of [[one, two] as const, [two, one] as const].entries()) {
      n.app.get(`/${i}`, (request) =>
        outer.of(request).update('a', async () => {
          both[i as 0 | 1].open()
          await both[(1 - i) as 0 | 1].opened
          return (await inner.of(request).update('a', add).catch(code)) as never
        }),
      )
    }
    const user = browser(n.app)
    await user.get('/set')
    const answers = await Promise.all([user.copy().get('/0'), user.copy().get('/1')])
    expect(answers.map(({ body }) => body)).toContain('SESSION_CONFLICT')
  })
})

describe('the line', () => {
  it('runs what waits in order, passes over what gave up, and holds nothing once idle', async () => {
    const queue = new SerialQueue()
    const [first, ran] = [gate(), [] as number[]]
    const results = [
      queue.run('k', () => first.opened, 10_000),
      queue.run('k', async () => void ran.push(1), 20).catch((error) => error),
      queue.run('k', async () => void ran.push(2), 10_000),
      queue.run('other', async () => void ran.push(3), 10_000),
    ]
    expect(await results[1]).toBeInstanceOf(WaitedTooLong)
    expect(ran).toEqual([3])
    first.open()
    await Promise.all(results)
    expect(ran).toEqual([3, 2])
    await expect.poll(() => queue.size).toBe(0)
  })
})
