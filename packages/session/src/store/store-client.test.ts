import { describe, expect, it } from 'vitest'
import { redisRig } from '../../test/redis-rig.ts'
import { EventHub } from '../observe/events.ts'
import { StoreClient, type StoreClientOptions } from './store-client.ts'

const guard = (options: Partial<StoreClientOptions> = {}) =>
  new StoreClient({
    store: {},
    storeTimeoutMs: 30,
    breaker: { failures: 0, coolDownMs: 0 },
    events: new EventHub('salt'),
    tracer: undefined,
    now: () => 0,
    ...options,
  })

describe('the guard of the store', () => {
  it('passes answers on, and counts the time they took', async () => {
    const watch = { storeMs: 0 }
    expect(await guard().run('load', undefined, async () => 'answer', watch)).toBe('answer')
    expect(watch.storeMs).toBeGreaterThan(0)
  })

  it('answers at once when a store without a time-out does, and turns what that throws into a rejection', async () => {
    const local = guard({ storeTimeoutMs: 0 })
    const watch = { storeMs: 0 }
    expect(local.run('load', undefined, () => 'answer', watch)).toBe('answer')
    expect(watch.storeMs).toBe(0) // nobody has waited
    expect(await local.run('load', undefined, async () => 'later')).toBe('later')
    const thrown = local.run('load', undefined, () => {
      throw new Error('broken')
    })
    await expect(thrown).rejects.toMatchObject({ failure: 'failed' })
    await expect(local.run('load', undefined, () => Promise.reject(new Error('broken')))).rejects.toMatchObject({
      failure: 'failed',
    })
    expect(await guard().run('load', undefined, () => 'answer')).toBe('answer')
  })

  it.each([
    ['rejects', () => Promise.reject(new Error('broken'))],
    [
      'throws',
      () => {
        throw new Error('broken')
      },
    ],
  ])('makes a 503 of a store that %s', async (_how, call) => {
    const failing = guard().run('load', undefined, call as () => Promise<never>)
    await expect(failing).rejects.toMatchObject({ statusCode: 503, failure: 'failed', cause: new Error('broken') })
  })

  it('keeps no time for a store in this process, and makes a 503 of its failures all the same', async () => {
    const local = guard({ storeTimeoutMs: 0 })
    expect(await local.run('load', undefined, async () => 'answer')).toBe('answer')
    const failing = local.run('load', undefined, () => Promise.reject(new Error('broken')))
    await expect(failing).rejects.toMatchObject({ statusCode: 503, failure: 'failed' })
  })

  it('gives up on a store that hangs, and takes no notice of its late answer', async () => {
    const { promise, resolve } = Promise.withResolvers<string>()
    const strict = guard({ breaker: { failures: 1, coolDownMs: 60_000 } })
    await expect(strict.run('load', undefined, () => promise)).rejects.toMatchObject({ failure: 'timeout' })
    resolve('late')
    await promise
    expect(strict.isOpen).toBe(true)
    await expect(strict.run('load', undefined, async () => 'next')).rejects.toMatchObject({
      failure: 'open',
      headers: { 'retry-after': '60' },
    })
  })

  it('does not blame the store when this process was too busy to read its answer', async () => {
    await using rig = await redisRig()
    const client = rig.client()
    await client.ping()
    const answer = guard().run('load', undefined, () => client.ping())
    await new Promise((resolve) => setImmediate(resolve)) // the command has left
    const end = performance.now() + 100
    while (performance.now() < end); // and then nothing else gets a turn
    expect(await answer).toBe('PONG')
  })
})
