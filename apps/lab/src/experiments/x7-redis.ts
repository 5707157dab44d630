import { startRedis } from '@session-cluster/cluster'
import { redisStore, type SessionKey, type SessionStore } from '@session-cluster/session'
import { Redis } from 'ioredis'
import { type Lab, prove } from '../experiment.ts'
import { text } from '../language.ts'
import { inParallel } from '../load/open-loop.ts'
import { memoryFigure } from '../rig/redis.ts'
import { comesTrue } from '../rig/until.ts'
import { type Cycle, compareCosts, cycleSessions, type Size, seeMemoryComeBack, type X7Row } from './x7-grown.ts'

const parallel = 100
const loads = 5000
/** Made then by the manager’s clock, which is ours. */
const createdAt = 1_700_000_000_000
const lifetime = { idleTimeoutMs: 3_600_000, absoluteTimeoutMs: 0, touchEveryMs: 60_000 }
const key = (index: number): SessionKey => `session-${index}`

/** Fills one Redis with all the sessions and another one with a tenth, compares the cost of a load, and lets all of them expire. */
export async function growInRedis(lab: Lab<X7Row>, size: Size): Promise<void> {
  const { sessions, valueBytes, steps } = size
  const where = { place: 'Redis', valueBytes } as const
  await using full = await filledRedis()
  await using small = await filledRedis()
  await small.fillTo(lab, sessions / 10, valueBytes)
  const empty = await full.usedBytes()
  lab.record({ step: 'filled', ...where, sessions: 0, bytes: 0 })
  let bytes = 0
  for (let step = 1; step <= steps; step++) {
    const upTo = (sessions * step) / steps
    lab.progress(step / steps, text(`Redis: ${upTo} sessions`, `Redis: 세션 ${upTo}개`))
    await full.fillTo(lab, upTo, valueBytes)
    bytes = (await full.usedBytes()) - empty
    lab.record({ step: 'filled', ...where, sessions: await full.client.dbsize(), bytes })
  }
  lab.record({ step: 'held', ...where, when: 'full', of: sessions, sessions: await full.client.dbsize() })
  await compareCosts(lab, where, { many: () => full.cpuPerLoad(lab), few: () => small.cpuPerLoad(lab) })
  await full.expire(lab)
  const left = await full.client.dbsize()
  lab.record({ step: 'held', ...where, when: 'expired', of: sessions, sessions: left })
  const whole = { before: empty, full: empty + bytes, after: await full.usedBytes() }
  await seeMemoryComeBack(lab, where, whole, left === 0 ? () => full.cycle(lab, size) : undefined)
}

async function filledRedis(): Promise<FilledRedis> {
  const redis = await startRedis()
  const client = new Redis(redis.url)
  const filled = new FilledRedis(client, redisStore({ client, namespace: 'growth' }), async () => {
    await redis[Symbol.asyncDispose]()
  })
  await filled.load(0) // Redis learns the script before its memory is looked at.
  return filled
}

/** A Redis with sessions in it, numbered from 0. */
class FilledRedis implements AsyncDisposable {
  readonly client: Redis
  readonly #store: SessionStore
  readonly #end: () => Promise<void>
  #sessions = 0

  constructor(client: Redis, store: SessionStore, end: () => Promise<void>) {
    this.client = client
    this.#store = store
    this.#end = end
  }

  async fillTo(lab: Lab, sessions: number, valueBytes: number): Promise<void> {
    const fresh = Array.from({ length: sessions - this.#sessions }, (_, index) => this.#sessions + index)
    await inParallel(fresh, parallel, async (index) => {
      lab.signal.throwIfAborted()
      const set = new Map([['cart', Buffer.alloc(valueBytes, `${index} `)]])
      const result = await this.#store.commit(key(index), { create: { createdAt }, set }, { now: createdAt, lifetime })
      prove(result === 'ok', `a new session is made, not ${result}`)
    })
    this.#sessions = sessions
  }

  /** Some sessions come, and expire. */
  async cycle(lab: Lab, size: Size): Promise<Cycle> {
    const before = await this.usedBytes()
    await this.fillTo(lab, cycleSessions(size), size.valueBytes)
    const full = await this.usedBytes()
    await this.expire(lab)
    return { before, full, after: await this.usedBytes() }
  }

  async load(index: number): Promise<unknown> {
    return this.#store.load(key(index), { now: createdAt + 1, lifetime })
  }

  usedBytes(): Promise<number> {
    return memoryFigure(this.client, 'used_memory')
  }

  /** The CPU time of Redis for one load, in seconds; loads go all over the sessions. */
  async cpuPerLoad(lab: Lab): Promise<number> {
    const before = await this.#cpuSeconds()
    await inParallel(Array.from({ length: loads }), parallel, (_, index) => {
      lab.signal.throwIfAborted()
      return this.load((index * 7919) % this.#sessions)
    })
    return ((await this.#cpuSeconds()) - before) / loads
  }

  /**
   * One access of each by a manager whose absolute limit is nearly reached writes down that a tenth of a second is left; then Redis has the
   * lab's patience to let all of them go.
   */
  async expire(lab: Lab): Promise<void> {
    const nearlyOver = { idleTimeoutMs: lifetime.idleTimeoutMs, absoluteTimeoutMs: 60_100, touchEveryMs: 0 }
    await inParallel(Array.from({ length: this.#sessions }), parallel, async (_, index) => {
      lab.signal.throwIfAborted()
      await this.#store.load(key(index), { now: createdAt + 60_000, lifetime: nearlyOver })
    })
    await comesTrue(lab, async () => (await this.client.dbsize()) === 0)
    this.#sessions = 0
  }

  async #cpuSeconds(): Promise<number> {
    const info = await this.client.info('cpu')
    const seconds = [...info.matchAll(/^used_cpu_(?:user|sys):([\d.]+)/gm)].map(([, value]) => Number(value))
    prove(seconds.length === 2, 'INFO cpu tells user and system time')
    return seconds.reduce((sum, value) => sum + value, 0)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.client.disconnect()
    await this.#end()
  }
}
