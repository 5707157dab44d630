import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { node, type TestNode } from '../../../test/app.ts'
import { type Browser, browser } from '../../../test/browser.ts'
import { type RedisRig, redisRig } from '../../../test/redis-rig.ts'
import { type SpringRig, springRig, whyNoSpring } from '../../../test/spring-rig.ts'
import { redisStore } from './redis.ts'

/** Real Spring Session, with `RedisSerializer.json()`, on one Redis with ours; where Java and Maven are. */
const missing = whyNoSpring()

describe.skipIf(missing)(`sessions shared with Spring Session${missing ? `, not run: ${missing}` : ''}`, () => {
  let redis: RedisRig
  let spring: SpringRig
  let n: TestNode
  const SAME = { text: '한글 "q"', flag: true, whole: 42, part: 1.5 }
  const IN_JAVA = '{flag=Boolean true, part=Double 1.5, text=String 한글 "q", whole=Integer 42} PT30M'

  beforeAll(async () => {
    redis = await redisRig()
    spring = springRig(redis.port)
    const store = redisStore({ client: redis.client(), ids: 'spring' })
    n = await node({ store, cookie: { encoding: 'base64' }, storeTimeoutMs: 30_000 })
    n.on('/all', async (session) => {
      const entries = (await session.keys()).map(async (name) => [name, await session.get(name)])
      return Object.fromEntries(await Promise.all(entries))
    })
    n.on('/make', async (session) => {
      for (const [name, value] of Object.entries(SAME)) await session.set(name, value)
    })
    n.on('/whole', (session) => session.update('whole', (whole) => Number(whole) + 1))
    n.on('/login', (session) => session.rotate({ user: 'bob' }))
    n.on('/logout', (session) => session.invalidate())
  })
  afterAll(async () => {
    await n[Symbol.asyncDispose]()
    await spring[Symbol.asyncDispose]()
    await redis[Symbol.asyncDispose]()
  })

  const all = async (user: Browser) => (await user.get('/all')).json().value as unknown
  const holding = (id: string) => browser(n.app, new Map([['SESSION', Buffer.from(id).toString('base64')]]))
  const idOf = (user: Browser) => Buffer.from(user.cookies.get('SESSION') ?? '', 'base64').toString()
  const attributes = async (id: string) => {
    const fields = await redis.client().hgetallBuffer(`spring:session:sessions:${id}`)
    return Object.fromEntries(Object.entries(fields).filter(([name]) => name.startsWith('sessionAttr:')))
  }

  it('lie in Redis in the same bytes, whoever makes them', async () => {
    const theirs = await spring.ask('make')
    const user = browser(n.app)
    await user.get('/make')
    expect(await attributes(idOf(user))).toEqual(await attributes(theirs))
  })

  it('are read and changed by ours when Spring made them', async () => {
    const id = await spring.ask('make')
    expect(await all(holding(id))).toEqual(SAME)
    await holding(id).get('/whole')
    expect(await spring.ask(`read ${id}`)).toBe(IN_JAVA.replace('42', '43'))
  })

  it('are read and changed by Spring when ours made them, with the types that Java means', async () => {
    const user = browser(n.app)
    await user.get('/make')
    expect(await spring.ask(`read ${idOf(user)}`)).toBe(IN_JAVA)
    await spring.ask(`change ${idOf(user)}`)
    expect(await all(user)).toEqual({ text: SAME.text, whole: 43, part: 1.5 })
  })

  it('go on under a new id and end for both, whoever rotates or ends them, users included', async () => {
    const user = browser(n.app)
    await user.get('/make')
    const [first, renamed] = [idOf(user), await spring.ask(`rename ${idOf(user)}`)]
    expect(await all(holding(first))).toEqual({})
    const moved = holding(renamed)
    await moved.get('/login')
    expect(await spring.ask(`read ${renamed}`)).toBe('none')
    expect(await spring.ask(`read ${idOf(moved)}`)).toBe(IN_JAVA)
    const last = idOf(moved)
    await moved.get('/logout')
    expect(await spring.ask(`read ${last}`)).toBe('none')
    const other = browser(n.app)
    await other.get('/make')
    expect(await spring.ask(`delete ${idOf(other)}`)).toBe('deleted')
    expect(await all(other)).toEqual({})
  })
})
