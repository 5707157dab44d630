import { describe, expect, it } from 'vitest'
import { memoryStore } from './memory.ts'
import { storeContract } from './store.contract.ts'
import type { StoredSession } from './store.ts'

storeContract('memory', () => memoryStore({ sweepEveryMs: 0 }), { describe, it })

const LIFETIME = { idleTimeoutMs: 60_000, absoluteTimeoutMs: 0, touchEveryMs: 0 }
const at = (now: number) => ({ now, lifetime: LIFETIME })
const create = (set = new Map<string, Uint8Array>()) => ({ create: { createdAt: 0 }, set })

describe('memoryStore', () => {
  it('answers a load without a promise, so that a read waits for nothing', async () => {
    await using store = memoryStore()
    await store.commit('a', create(), at(0))
    expect(store.load('a', at(1))).toMatchObject({ createdAt: 0 })
    expect(store.load('b', at(1))).toBeUndefined()
  })

  it('never holds more than maxSessions: the least recently used one goes', async () => {
    const evicted: string[] = []
    await using store = memoryStore({ maxSessions: 3, onEvict: (key) => evicted.push(key) })
    for (const key of ['a', 'b', 'c']) await store.commit(key, create(), at(0))
    await store.load('a', at(1)) // now b is the one that was used least recently
    await store.commit('d', create(), at(2))
    expect(store.size).toBe(3)
    expect(evicted).toEqual(['b'])
    expect(await store.load('a', at(3))).toBeDefined()
  })

  it('never holds more than maxBytes', async () => {
    await using store = memoryStore({ maxBytes: 100_000 })
    for (let i = 0; i < 100; i++) await store.commit(`${i}`, create(new Map([['x', Buffer.alloc(10_000)]])), at(0))
    expect(store.bytes).toBeLessThanOrEqual(100_000)
    expect(store.size).toBeGreaterThan(5)
    expect(await store.load('99', at(1))).toBeDefined()
  })

  it('counts the bytes of what it holds, down to nothing', async () => {
    await using store = memoryStore()
    await store.commit('a', create(new Map([['x', Buffer.alloc(1000)]])), at(0))
    await store.commit('a', { set: new Map([['x', Buffer.alloc(10)]]), remove: ['y'] }, at(0))
    expect(store.bytes).toBeGreaterThan(10)
    await store.destroy('a', at(0))
    expect(store.bytes).toBe(0)
  })

  it('holds no more than it counts: a small value does not keep the slab alive that it was cut from', async () => {
    await using store = memoryStore()
    await store.commit('a', create(new Map([['x', Buffer.from('"small"')]])), at(0))
    const session = store.load('a', at(1)) as StoredSession
    expect(Buffer.from(session.attributes.get('x') ?? []).toString()).toBe('"small"')
    expect(session.attributes.get('x')?.buffer.byteLength).toBeLessThan(100)
  })

  it('keeps small values in one buffer, made anew when one changes, and small beside large ones apart', async () => {
    await using store = memoryStore()
    const values = (load: unknown) => new Map((load as StoredSession).attributes)
    const text = (load: unknown) => [...values(load)].map(([name, bytes]) => `${name}=${Buffer.from(bytes).toString()}`)
    const value = (of: string) => Buffer.from(of)
    await store.commit(
      'a',
      create(
        new Map([
          ['x', value('1')],
          ['y', value('2')],
        ]),
      ),
      at(0),
    )
    const before = store.load('a', at(1))
    await store.commit('a', { set: new Map([['x', value('345')]]) }, at(1))
    const after = store.load('a', at(2))
    expect([text(before), text(after)]).toEqual([
      ['x=1', 'y=2'],
      ['x=345', 'y=2'],
    ])
    expect(new Set([...values(after).values()].map(({ buffer }) => buffer)).size).toBe(1)
    await store.commit('a', { set: new Map([['z', Buffer.alloc(5000, 'z')]]) }, at(2))
    const large = values(store.load('a', at(3)))
    expect([large.get('x')?.buffer.byteLength, large.get('z')?.length]).toEqual([4, 5000])
    expect(text(store.load('a', at(3))).slice(0, 2)).toEqual(['x=345', 'y=2'])
  })

  it('sweeps expired sessions that nobody asks for, a few at a time', async () => {
    let now = 0
    await using store = memoryStore({ sweepEveryMs: 0, now: () => now })
    for (let i = 0; i < 10; i++) await store.commit(`${i}`, create(), at(0))
    now = 30_000
    expect(store.sweep()).toBe(0)
    now = 60_000
    expect(store.sweep(4)).toBe(4)
    expect(store.sweep()).toBe(6)
    expect(store.size).toBe(0)
  })

  it('sweeps by itself', async () => {
    await using store = memoryStore({ sweepEveryMs: 5, now: () => 60_000 })
    await store.commit('a', create(), at(0))
    await expect.poll(() => store.size).toBe(0)
  })

  it('holds nothing of users whose sessions are gone', async () => {
    await using store = memoryStore()
    await store.commit('a', { ...create(), user: 'bob' }, at(0))
    await store.commit('a', { renameTo: 'b', user: 'eve' }, at(0))
    expect(await store.ofUser('bob', at(0))).toEqual([])
    await store.destroy('b', at(0))
    expect(await store.ofUser('eve', at(0))).toEqual([])
  })

  it.each([
    [{ maxSessions: 0 }, 'maxSessions is 0'],
    [{ maxBytes: 1.5 }, 'maxBytes is 1.5'],
    [{ sweepEveryMs: -1 }, 'sweepEveryMs is -1'],
    [{ sweepEveryMs: 2 ** 31 }, 'sweepEveryMs is 2147483648'],
  ])('refuses %o', (options, message) => {
    expect(() => memoryStore(options)).toThrow(message)
  })
})
