import { attemptTo } from '@session-cluster/visitor'
import type { FastifyInstance } from 'fastify'
import { codecs, samples } from '../wire/codec.ts'
import type { NodeAnswer, RedisShown } from '../wire/inspection.ts'
import { known } from './api-users.ts'
import { Body } from './body.ts'
import { CallError } from './call-error.ts'
import { tryCodec } from './codec-trial.ts'
import { showCookie } from './inspect-cookie.ts'
import { type RedisInspector, redisInspector } from './inspect-redis.ts'
import type { Lane } from './lane.ts'
import type { Stage } from './stage.ts'
import { mask } from './why.ts'

/** The inspectors. They are POSTs, because what they tell is as good as a login to whoever could read it. */
export function inspectRoutes(app: FastifyInstance, stage: Stage): void {
  app.post('/api/inspect/cookie', async (request) => {
    const { lane, state, reveal } = subject(stage, request.body)
    return { cookies: state.jar.all.map((cookie) => showCookie(cookie, lane.target.cookieName, reveal)) }
  })

  app.post('/api/inspect/session', async (request) => {
    const { lane, state } = subject(stage, request.body)
    return {
      home: state.home?.node ?? null,
      session: state.session,
      answers: await whoAmIEverywhere(lane, state.jar.header),
    }
  })

  app.post('/api/forge', async (request) => {
    const { body, lane, user } = subject(stage, request.body)
    const name = body.text('cookie')
    const value = body.text('value')
    if (!/^[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]*$/.test(value))
      throw new CallError(
        'A cookie’s value is printable ASCII without spaces, quotes, commas, semicolons and backslashes',
      )
    return {
      record: await stage.traffic.act(lane, user, 'forge', { forged: { name, value } }),
    }
  })
  redisRoutes(app, stage)
}

/** What looks into the lanes' Redis. */
function redisRoutes(app: FastifyInstance, stage: Stage): void {
  const inspectors = new Inspectors()
  const counting = setInterval(() => void inspectors.count(stage.lanes.values()), 1000)
  app.addHook('onClose', async () => {
    clearInterval(counting)
    await inspectors[Symbol.asyncDispose]()
  })

  app.post('/api/inspect/redis', async (request) => {
    const { lane, state, reveal } = subject(stage, request.body)
    const redis = inspectors.of(lane)
    const header = state.jar.header
    const { key, failure } = header === undefined ? {} : await keyOf(lane, header)
    if (key === undefined) return { key: null, hash: null, ...(failure && { failure }) } satisfies RedisShown
    const hash = await redis.hash(key, lane.facts.codec).catch((error: Error) => error)
    if (hash instanceof Error) return { key: null, hash: null, failure: hash.message } satisfies RedisShown
    const shown = reveal ? key : hideKey(key)
    const cookie = state.jar.get(lane.target.cookieName)
    return {
      key: shown,
      cookie: `${lane.target.cookieName}=${reveal ? cookie : mask(cookie ?? '')}`,
      cli: `redis-cli -u ${withoutLogin(lane.host.redisUrl ?? '')} HGETALL '${shown}'`,
      hash: hash ? { ...hash, key: shown } : null,
    } satisfies RedisShown
  })

  app.post('/api/codec', async (request) => {
    const body = new Body(request.body)
    const lane = stage.lane(body.text('lane'))
    return tryCodec(inspectors.of(lane).client, body.oneOf('codec', codecs), body.oneOf('sample', samples))
  })
}

/** One inspector for each lane that has a Redis, made when it is first needed. */
class Inspectors implements AsyncDisposable {
  readonly #made = new Map<Lane, RedisInspector>()

  /** @throws CallError for a lane without a Redis */
  of(lane: Lane): RedisInspector {
    const { redisUrl } = lane.host
    if (redisUrl === undefined) throw new CallError('This lane has no Redis', 409)
    let inspector = this.#made.get(lane)
    if (!inspector) {
      inspector = redisInspector(redisUrl, () => lane.facts.namespace)
      this.#made.set(lane, inspector)
    }
    return inspector
  }

  /** Notes how many sessions each lane's Redis holds; nothing while it does not answer. */
  async count(lanes: Iterable<Lane>): Promise<void> {
    for (const lane of lanes) {
      if (lane.host.redisUrl === undefined) continue
      lane.redisSessions = await this.of(lane)
        .count()
        .catch(() => undefined)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const inspector of this.#made.values()) await inspector[Symbol.asyncDispose]()
  }
}

/** A Redis address as it may be shown: without a user's name and password. */
export function withoutLogin(url: string): string {
  return url.replace(/\/\/[^@/]*@/, '//')
}

function subject(stage: Stage, json: unknown) {
  const body = new Body(json)
  const lane = stage.lane(body.text('lane'))
  const user = known(stage, body.text('user'))
  return { body, lane, user, state: stage.traffic.stateOf(user, lane.id), reveal: body.flag('reveal') }
}

/** Asks each living node, on its own port, whom it takes this cookie's owner for. Ids come masked from the node. */
async function whoAmIEverywhere(lane: Lane, cookie: string | undefined): Promise<NodeAnswer[]> {
  return Promise.all(
    lane.target.processes().map(async ({ name }) => {
      const attempt = await attemptTo(new URL('/whoami', lane.target.nodeUrl(name)), {
        headers: { accept: 'application/json', ...(cookie !== undefined && { cookie }) },
        agent: false,
        timeoutMs: 1500,
      })
      if (!attempt.ok) return { node: name, failure: attempt.reason }
      const { answer } = attempt
      if (answer.status !== 200) return { node: name, failure: `status ${answer.status}` }
      try {
        return { ...(JSON.parse(answer.body) as NodeAnswer), node: name }
      } catch {
        return { node: name, failure: 'no JSON' }
      }
    }),
  )
}

/** The exact key of a session, as a node of the lane says it; without one, why nobody can say, if nobody can. */
async function keyOf(lane: Lane, cookie: string): Promise<{ key?: string; failure?: string }> {
  const answers = await whoAmIEverywhere(lane, cookie)
  const key = answers.find(({ session }) => session?.redisKey)?.session?.redisKey
  if (key) return { key }
  return answers.some(({ failure }) => failure === undefined)
    ? {}
    : { failure: answers[0]?.failure ?? 'no server runs' }
}

/** The key with all but the ends of its id left out. */
function hideKey(key: string): string {
  return key.replace(/([^:]{2})[^:]+([^:]{2})$/, '$1…$2')
}
