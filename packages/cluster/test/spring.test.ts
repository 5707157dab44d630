import { VirtualUser } from '@session-cluster/visitor'
import { Redis } from 'ioredis'
import { expect, test } from 'vitest'
import { NoSpringError, startRedis, startSpring } from '../src/index.ts'
import { testCluster } from './harness.ts'

/** The first start builds the program, and fetches Spring. */
const BUILD_MS = 900_000

let users = 0
const user = (base: string): VirtualUser => new VirtualUser({ name: `user ${++users}`, base, random: () => 0.5 })

/** Starts the program; `undefined`, with the reason in `skip`, where this machine cannot. CI leaves nothing out. */
async function springOr(skip: (why: string) => void, options: Parameters<typeof startSpring>[0]) {
  try {
    return await startSpring(options)
  } catch (error) {
    if (!(error instanceof NoSpringError) || process.env.REQUIRE_ALL !== undefined) throw error
    skip(error.message)
    return undefined
  }
}

test(
  'the tutorial’s own program is a server of the cluster, and shows the tutorial’s error on the real thing',
  async ({ skip }) => {
    await using redis = await startRedis()
    await using spring = await springOr(skip, { redisUrl: redis.url })
    if (!spring) return
    const nodeEnv = { SESSION_IDS: 'spring', SESSION_STORE_TIMEOUT_MS: '10000' }
    await using cluster = await testCluster({ mode: 'clustered', nodes: 2, redis: { url: redis.url }, nodeEnv })
    await cluster.balancer.add({ name: spring.name, url: spring.url })
    await cluster.balancer.untilSeen(['s'], 'up')

    // One session for all, whichever language answers.
    const visitor = user(cluster.balancer.url)
    const seen = new Set<string>()
    for (let n = 0; n < 6; n++) {
      expect((await visitor.ask(`/set?q=value-${n}`)).body.trim()).toBe(`Saved: value-${n}`)
      for (let look = 0; look < 3; look++) {
        const { status, body, node } = await visitor.ask('/get')
        expect([status, body.trim()]).toEqual([200, `value-${n}`])
        seen.add(node ?? '')
      }
    }
    expect(seen).toEqual(new Set(['a', 'b', 's']))

    // What Redis holds.
    const id = Buffer.from(visitor.jar.header?.split('=')[1] ?? '', 'base64').toString()
    const direct = new Redis(redis.url)
    expect(await direct.hget(`spring:session:sessions:${id}`, 'sessionAttr:q')).toBe('"value-5"')
    direct.disconnect()

    // The object that does not come back: written as JSON, and never read again. Every page of that user fails.
    const alice = user(spring.url)
    await alice.ask('/set?q=password')
    expect((await alice.ask('/context?user=alice', { method: 'POST' })).body).toBe('Saved: alice')
    for (const page of ['/context', '/get']) {
      const failed = await alice.ask(page)
      expect(failed.status).toBe(500)
      expect(failed.body).toMatch(/UsernamePasswordAuthenticationToken.*no Creators, like default constructor, exist/)
    }
    // Ours read the rest of the session, and can end it.
    const ours = cluster.node('a').url
    expect((await alice.ask('/get', { base: ours })).body.trim()).toBe('password')
    await alice.ask('/logout', { method: 'POST', base: ours })
    expect((await alice.ask('/get')).body).toBe('null')
  },
  BUILD_MS,
)

test(
  'the tutorial’s own program has JSESSIONID before Spring Session, and Java’s serialization brings the object back',
  async ({ skip }) => {
    await using redis = await startRedis()
    await using tomcat = await springOr(skip, {})
    if (!tomcat) return
    await using java = await startSpring({ redisUrl: redis.url, serializer: 'java' })
    const before = user(tomcat.url)
    await before.ask('/set?q=password')
    expect(before.jar.header).toMatch(/^JSESSIONID=/)
    const alice = user(java.url)
    await alice.ask('/context?user=alice', { method: 'POST' })
    expect((await alice.ask('/context')).body).toBe('alice')
    expect(alice.jar.header).toMatch(/^SESSION=/)
  },
  BUILD_MS,
)
