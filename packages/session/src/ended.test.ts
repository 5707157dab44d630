import { createClient, createCluster } from 'redis-6'
import { afterAll, describe, expect, it } from 'vitest'
import { node } from '../test/app.ts'
import { browser } from '../test/browser.ts'
import { type ClusterRig, clusterRig } from '../test/cluster-rig.ts'
import { type RedisRig, redisRig } from '../test/redis-rig.ts'
import type { EndListener } from './observe/end-watch.ts'
import { memoryStore } from './store/memory.ts'
import { redisStore } from './store/redis/redis.ts'
import type { HowEnded, SessionStore } from './store/store.ts'

const rig = await redisRig()
const cluster = await clusterRig()
const opened: (() => void)[] = []
afterAll(async () => {
  for (const close of opened) close()
  await Promise.all([rig[Symbol.asyncDispose](), cluster[Symbol.asyncDispose]()])
})

/** Less than how long it takes until sessions are looked at unasked. */
const SOON = { timeout: 8_000 }
const LATER = { timeout: 30_000 }

/** One store for both nodes, or one for each, with a client of its own. */
const stores: Record<string, () => () => SessionStore> = {
  memory: () => {
    const store = memoryStore()
    return () => store
  },
  Redis: () => () => redisStore({ client: rig.client() }),
  'Redis, with a key prefix': () => () => redisStore({ client: rig.client({ keyPrefix: 'shop:' }) }),
  'Redis as Spring lays it out': () => () => redisStore({ client: rig.client(), ids: 'spring', namespace: 'shared' }),
  'Redis, by node-redis': () => () => redisStore({ client: nodeRedis(rig), namespace: 'by-node-redis' }),
  'Redis Cluster': () => () => redisStore({ client: cluster.client }),
  'Redis Cluster, by node-redis': () => () =>
    redisStore({ client: nodeRedisCluster(cluster), namespace: 'by-node-redis' }),
}

function nodeRedis({ port }: RedisRig) {
  const client = createClient({ url: `redis://127.0.0.1:${port}` }).on('error', () => {})
  void client.connect()
  opened.push(() => client.destroy())
  return client
}

function nodeRedisCluster({ nodes }: ClusterRig) {
  const rootNodes = nodes.map(({ port }) => ({ url: `redis://127.0.0.1:${port}` }))
  const client = createCluster({ rootNodes }).on('error', () => {})
  void client.connect()
  opened.push(() => client.destroy())
  return client
}

/** Two nodes; a session of bob's, which `here` watches and `there` has to end. */
async function watched(make: () => SessionStore, storeTimeoutMs = 30_000) {
  const options = { maxSessionsPerUser: 2, storeTimeoutMs }
  const [store, looked] = [make(), Promise.withResolvers<void>()]
  const isAlive = store.isAlive?.bind(store)
  store.isAlive = async (...args) => {
    const answer = await isAlive?.(...args)
    looked.resolve()
    return answer === true
  }
  const [here, there] = [await node({ store, ...options }), await node({ store: make(), ...options })]
  const heard: Parameters<EndListener>[0][] = []
  const others: Parameters<EndListener>[0][] = []
  let stop = (): void => {}
  here.on('/watch', (session) => {
    stop = here.sessions.onEnded(session, (how) => heard.push(how))
  })
  here.on('/other', (session) => {
    here.sessions.onEnded(session, (how) => others.push(how))
  })
  there.on('/login', (session) => session.rotate({ user: 'bob' }))
  there.on('/rotate', (session) => session.rotate())
  there.on('/logout', (session) => session.invalidate())
  there.on('/set', (session) => session.set('q', 1))
  const user = browser(there.app)
  await user.get('/login')
  await user.copy().get('/watch', here.app)
  await looked.promise
  return {
    here,
    there,
    user,
    heard,
    others,
    stop: () => stop(),
    async [Symbol.asyncDispose]() {
      await Promise.all([here, there].map((n) => n[Symbol.asyncDispose]()))
    },
  }
}
type Watched = Awaited<ReturnType<typeof watched>>

const ends: Record<string, [end: (w: Watched) => unknown, how: HowEnded]> = {
  invalidate: [({ user }) => user.get('/logout'), 'ended'],
  endUser: [({ there }) => there.sessions.endUser('bob'), 'ended'],
  'end by its handle': [
    async ({ there }) => {
      const [session] = await there.sessions.ofUser('bob')
      return there.sessions.end(session?.handle ?? '')
    },
    'ended',
  ],
  rotation: [({ user }) => user.get('/rotate'), 'rotated'],
  'one login too many': [
    async ({ there }) => {
      for (let n = 0; n < 2; n++) await browser(there.app).get('/login')
    },
    'ended',
  ],
}

describe.each(Object.entries(stores))('a watched session on %s', (_name, make) => {
  it.each(Object.entries(ends))('is told to have ended by %s on another node, once', async (_what, [end, how]) => {
    await using w = await watched(make())
    await w.user.get('/set')
    expect(w.heard).toEqual([])
    await end(w)
    await expect.poll(() => w.heard, SOON).toEqual([how])
    await w.there.sessions.endUser('bob')
    expect(w.heard).toEqual([how])
  })

  it('is told of at once when it has ended before, or there is none', async () => {
    await using w = await watched(make())
    const copy = w.user.copy()
    await w.user.get('/logout')
    await copy.get('/watch', w.here.app)
    await browser(w.here.app).get('/watch')
    await expect.poll(() => w.heard, SOON).toEqual(['ended', 'ended', 'ended'])
  })

  it('is not told of any more to one who has stopped watching', async () => {
    await using w = await watched(make())
    await w.user.copy().get('/other', w.here.app)
    w.stop()
    await w.user.get('/logout')
    await expect.poll(() => w.others, SOON).toEqual(['ended'])
    expect(w.heard).toEqual([])
  })
})

describe.concurrent('a watched session on Redis', () => {
  it('is told of after its subscription was lost, also when it ended meanwhile', async ({ expect }) => {
    await using own = await redisRig()
    await using w = await watched(() => redisStore({ client: own.client() }))
    const admin = own.client()
    await admin.call('CLIENT', 'KILL', 'TYPE', 'pubsub')
    await w.user.get('/logout')
    await expect.poll(() => w.heard, SOON).toEqual(['ended'])
    // Nobody watches any more, so nobody listens.
    await expect.poll(() => admin.call('PUBSUB', 'CHANNELS'), SOON).toEqual([])
  })

  it.for([
    ['ioredis', (own: RedisRig) => own.client()],
    ['node-redis', nodeRedis],
  ] as const)('is told of across a restart of Redis, which forgot it, by %s', async ([, make], { expect }) => {
    await using own = await redisRig()
    await using w = await watched(() => redisStore({ client: make(own) }))
    await own.restart()
    await expect.poll(() => w.heard, SOON).toEqual(['ended'])
  })

  it('is told of where the ACL forbids PUBLISH, by looking, and ends all the same', async ({ expect }) => {
    await using own = await redisRig()
    await own.client().call('ACL', 'SETUSER', 'default', '-publish')
    await using w = await watched(() => redisStore({ client: own.client() }))
    await w.user.get('/logout')
    await expect.poll(() => w.heard, LATER).toEqual(['ended'])
  })

  it('counts as ended when Redis cannot be asked, for nobody could tell', async ({ expect }) => {
    await using own = await redisRig()
    await using w = await watched(() => redisStore({ client: own.client() }), 1_000)
    await own.crash()
    await w.user.copy().get('/other', w.here.app)
    await expect.poll(() => w.others, LATER).toEqual(['unwatched'])
  })

  it('is told of when another application ends it', async ({ expect }) => {
    await using own = await redisRig()
    await using w = await watched(() => redisStore({ client: own.client() }))
    await own.client().flushall()
    await expect.poll(() => w.heard, LATER).toEqual(['ended'])
  })

  it.for([
    ['ioredis', (own: ClusterRig) => own.client],
    ['node-redis', nodeRedisCluster],
  ] as const)(
    'is heard of again over another server when that of a cluster hung up, by %s',
    async ([, make], { expect }) => {
      await using own = await clusterRig()
      await using w = await watched(() => redisStore({ client: make(own) }))
      for (const server of own.nodes) await server.client().call('CLIENT', 'KILL', 'TYPE', 'pubsub')
      await w.user.get('/logout')
      await expect.poll(() => w.heard, SOON).toEqual(['ended'])
    },
  )
})
