import assert from 'node:assert/strict'
import { hashId, newId, type SessionKey } from '../carrier/id.ts'
import type { Lifetime, Loaded, SessionDelta, SessionStore, StoredSession, StoreOptions } from './store.ts'

/** The two functions of a test runner that the suite needs; Vitest's, Jest's and `node:test`'s all do. */
export interface ContractRunner {
  readonly describe: (name: string, body: () => void) => void
  readonly it: (name: string, body: () => Promise<void>) => void
}

/** What every test of the suite starts from. */
const NOW = 1_754_400_000_000
const LIFETIME: Lifetime = { idleTimeoutMs: 60_000, absoluteTimeoutMs: 0, touchEveryMs: 10_000 }

/**
 * The behaviour that every store has to show, as tests. `make` is called once per test; the tests use keys of their own,
 * so it may give the same store each time. The suite uses `describe` and `it` of the runner, or the global ones.
 * @example
 * storeContract('redis', () => redisStore({ client }), { describe, it })
 */
export function storeContract(
  name: string,
  make: () => SessionStore | Promise<SessionStore>,
  runner: ContractRunner = globalThis as unknown as ContractRunner,
): void {
  const groups = [reading, writing, comparing, ending, moving, touching, expiring, users, listing]
  runner.describe(`${name}: the store contract`, () => {
    for (const group of groups) {
      for (const [title, body] of Object.entries(group)) {
        runner.it(title, async () => body(new Bench(await make())))
      }
    }
  })
}

/** One test's store and a session key of its own, with the calls in short form. */
class Bench {
  readonly store: SessionStore
  readonly key: SessionKey = hashId(newId())
  readonly other: SessionKey = hashId(newId())
  readonly user = `user ${newId()}`

  constructor(store: SessionStore) {
    this.store = store
  }

  at(after = 0, lifetime: Partial<Lifetime> = {}): StoreOptions {
    return { now: NOW + after, lifetime: { ...LIFETIME, ...lifetime } }
  }

  load(after = 0, key = this.key, lifetime: Partial<Lifetime> = {}) {
    return this.store.load(key, this.at(after, lifetime))
  }

  commit(delta: SessionDelta, after = 0, key = this.key) {
    return this.store.commit(key, delta, this.at(after))
  }

  async create(set: Record<string, string> = {}, more: Partial<SessionDelta> = {}, key = this.key): Promise<void> {
    const result = await this.commit({ create: { createdAt: NOW }, set: bytesOf(set), ...more }, 0, key)
    assert.equal(result, 'ok')
  }

  async found(after = 0, key = this.key): Promise<StoredSession> {
    const session = await this.load(after, key)
    assert.ok(typeof session === 'object', `the session should be there, but is ${session}`)
    return session
  }

  /** What is left under a key after a rotation is known as such, and is no session in any way. */
  async isRotated(key: SessionKey, listed: readonly SessionKey[]): Promise<void> {
    assert.equal(await this.load(0, key), 'rotated')
    const moves = [{ set: bytesOf({ q: 'late' }) }, { remove: ['a'] }, { renameTo: hashId(newId()), graceMs: 5_000 }]
    for (const delta of moves) assert.equal(await this.commit(delta, 0, key), 'gone')
    assert.equal(await this.store.destroy(key, this.at()), false)
    assert.equal(await this.load(0, key), 'rotated')
    assert.deepEqual(keysOf(await this.store.ofUser(this.user, this.at())), listed)
    assert.ok(!(await this.keys()).includes(key), 'it is listed')
  }

  /** All keys that the store lists. */
  async keys(): Promise<SessionKey[]> {
    const keys: SessionKey[] = []
    let cursor: string | undefined
    do {
      const page = await this.store.list({ ...this.at(), ...(cursor === undefined ? {} : { cursor }) })
      keys.push(...page.sessions.map(({ key }) => key))
      cursor = page.cursor
    } while (cursor !== undefined)
    return keys
  }

  async absent(after = 0, key = this.key, lifetime: Partial<Lifetime> = {}): Promise<void> {
    const session = await this.load(after, key, lifetime)
    assert.ok(typeof session !== 'object', 'the session should not be there')
  }
}

const idleOf = (loaded: Loaded): number | undefined => (typeof loaded === 'object' ? loaded.idleTimeoutMs : undefined)

type Group = Record<string, (bench: Bench) => Promise<void>>

const bytesOf = (values: Record<string, string>): Map<string, Uint8Array> =>
  new Map(Object.entries(values).map(([name, value]) => [name, Buffer.from(value)]))

const textOf = ({ attributes }: StoredSession): Record<string, string> =>
  Object.fromEntries([...attributes].map(([name, bytes]) => [name, Buffer.from(bytes).toString()]))

const reading: Group = {
  'reads a session that was never made as undefined': async (bench) => {
    assert.equal(await bench.load(), undefined)
  },
  'brings back what was saved, with its times': async (bench) => {
    await bench.create({ q: '"password"', n: '1' })
    const { createdAt, lastAccessedAt, idleTimeoutMs, ...rest } = await bench.found()
    assert.deepEqual(
      { createdAt, lastAccessedAt, idleTimeoutMs },
      { createdAt: NOW, lastAccessedAt: NOW, idleTimeoutMs: 60_000 },
    )
    assert.deepEqual(textOf({ createdAt, lastAccessedAt, idleTimeoutMs, ...rest }), { q: '"password"', n: '1' })
  },
  'keeps any bytes under any name': async (bench) => {
    const every = Uint8Array.from({ length: 256 }, (_, i) => i)
    const large = Buffer.alloc(1_000_000, 7)
    const names = ['__proto__', 'constructor', 'save', 'nul\0', '😀', 'a b\r\n', 'x'.repeat(1000), 'creationTime']
    const set = new Map<string, Uint8Array>(names.map((name) => [name, every]))
    await bench.commit({ create: { createdAt: NOW }, set: set.set('large', large).set('empty', new Uint8Array()) })
    const { attributes } = await bench.found()
    for (const name of names) assert.deepEqual(Buffer.from(attributes.get(name) ?? []), Buffer.from(every), name)
    assert.equal(Buffer.compare(attributes.get('large') ?? Buffer.alloc(0), large), 0)
    assert.equal(attributes.get('empty')?.length ?? 0, 0)
  },
  'answers a snapshot that later commits do not change': async (bench) => {
    await bench.create({ q: 'before' })
    const before = await bench.found()
    await bench.commit({ set: bytesOf({ q: 'after' }) })
    assert.deepEqual(textOf(before), { q: 'before' })
  },
}

const writing: Group = {
  'does not make a session on a key that is taken': async (bench) => {
    await bench.create({ q: 'first' })
    const again = { create: { createdAt: NOW + 1 }, set: bytesOf({ q: 'second' }) }
    assert.equal(await bench.commit(again), 'conflict')
    assert.deepEqual(textOf(await bench.found()), { q: 'first' })
  },
  'changes only what the delta names': async (bench) => {
    await bench.create({ a: '1', b: '2', c: '3' })
    assert.equal(await bench.commit({ set: bytesOf({ b: '20' }), remove: ['c', 'never there'] }), 'ok')
    assert.deepEqual(textOf(await bench.found()), { a: '1', b: '20' })
  },
  'keeps both of two deltas that were made from the same state': async (bench) => {
    await bench.create()
    await Promise.all([bench.commit({ set: bytesOf({ a: '1' }) }), bench.commit({ set: bytesOf({ b: '2' }) })])
    assert.deepEqual(textOf(await bench.found()), { a: '1', b: '2' })
  },
  'does not bring a session to life by writing to it': async (bench) => {
    assert.equal(await bench.commit({ set: bytesOf({ q: 'ghost' }) }), 'gone')
    assert.equal(await bench.load(), undefined)
  },
}

const comparing: Group = {
  'applies a delta while the expected bytes are there': async (bench) => {
    await bench.create({ n: '1' })
    const expect = { name: 'n', value: Buffer.from('1') }
    assert.equal(await bench.commit({ set: bytesOf({ n: '2' }), expect }), 'ok')
    assert.equal(await bench.commit({ set: bytesOf({ n: '3' }), expect }), 'conflict')
    assert.deepEqual(textOf(await bench.found()), { n: '2' })
  },
  'applies a delta while the attribute is absent, as expected': async (bench) => {
    await bench.create()
    const expect = { name: 'n', value: undefined }
    assert.equal(await bench.commit({ set: bytesOf({ n: '1' }), expect }), 'ok')
    assert.equal(await bench.commit({ set: bytesOf({ n: '2' }), expect }), 'conflict')
    assert.deepEqual(textOf(await bench.found()), { n: '1' })
  },
  'tells an empty value from an absent one': async (bench) => {
    await bench.create({ n: '' })
    const { attributes } = await bench.found()
    const stored = attributes.get('n')
    assert.equal(await bench.commit({ set: bytesOf({ n: '1' }), expect: { name: 'n', value: stored } }), 'ok')
  },
  'lets exactly one of many comparing writers win each time': async (bench) => {
    await bench.create({ n: '0' })
    const expect = { name: 'n', value: Buffer.from('0') }
    const tries = Array.from({ length: 20 }, (_, i) => bench.commit({ set: bytesOf({ n: `${i + 1}` }), expect }))
    const results = await Promise.all(tries)
    assert.equal(results.filter((result) => result === 'ok').length, 1)
  },
}

const ending: Group = {
  'forgets a destroyed session, and tells whether there was one': async (bench) => {
    await bench.create({ q: 'x' })
    assert.equal(await bench.store.destroy(bench.key, bench.at()), true)
    assert.equal(await bench.store.destroy(bench.key, bench.at()), false)
    assert.equal(await bench.load(), undefined)
  },
  'says gone to a write that comes after, and keeps it dead': async (bench) => {
    await bench.create({ q: 'x' })
    await bench.found()
    await bench.store.destroy(bench.key, bench.at())
    assert.equal(await bench.commit({ set: bytesOf({ q: 'late' }) }), 'gone')
    assert.equal(await bench.commit({ remove: ['q'] }), 'gone')
    assert.equal(await bench.load(20_000), undefined)
  },
}

const moving: Group = {
  'moves a session to another key, with the delta applied': async (bench) => {
    await bench.create({ a: '1', b: '2' })
    assert.equal(await bench.commit({ renameTo: bench.other, set: bytesOf({ c: '3' }), remove: ['b'] }), 'ok')
    assert.equal(await bench.load(), undefined)
    const moved = await bench.found(0, bench.other)
    assert.deepEqual(textOf(moved), { a: '1', c: '3' })
    assert.equal(moved.createdAt, NOW)
  },
  'knows a key that a session has left as rotated, for the grace period': async (bench) => {
    await bench.create({ a: '1' }, { user: bench.user })
    assert.equal(await bench.commit({ renameTo: bench.other, graceMs: 5_000, previousUser: bench.user }), 'ok')
    await bench.isRotated(bench.key, [bench.other])
    assert.equal(typeof (await bench.load(0, bench.other)), 'object')
  },
  'knows the key of a session that was destroyed with a grace period as rotated': async (bench) => {
    await bench.create({ a: '1' }, { user: bench.user })
    assert.equal(await bench.store.destroy(bench.key, { ...bench.at(), graceMs: 5_000 }), true)
    await bench.isRotated(bench.key, [])
    assert.equal(await bench.store.destroy(bench.other, { ...bench.at(), graceMs: 5_000 }), false)
    assert.equal(await bench.load(0, bench.other), undefined)
  },
  'says gone to a move of a session that is not there': async (bench) => {
    assert.equal(await bench.commit({ renameTo: bench.other, set: bytesOf({ c: '3' }) }), 'gone')
    assert.equal(await bench.load(0, bench.other), undefined)
  },
  'lets one of two moves win': async (bench) => {
    await bench.create({ a: '1' })
    const third = hashId(newId())
    const results = await Promise.all([bench.commit({ renameTo: bench.other }), bench.commit({ renameTo: third })])
    assert.deepEqual(results.toSorted(), ['gone', 'ok'])
    const loaded = await Promise.all([bench.load(0, bench.key), bench.load(0, bench.other), bench.load(0, third)])
    assert.equal(loaded.filter((session) => session !== undefined).length, 1)
  },
  'loses no write that meets a move: it is moved along, or told gone': async (bench) => {
    await bench.create()
    const kept: string[] = []
    let [from, to] = [bench.key, bench.other]
    // Several rounds: in the first, a store may still be teaching its backend what to do.
    for (const round of [1, 2, 3, 4]) {
      const names = Array.from({ length: 20 }, (_, i) => `round ${round}, write ${i}`)
      const moving = bench.commit({ renameTo: to }, 0, from)
      const writes = names.map((name) => bench.commit({ set: bytesOf({ [name]: 'x' }) }, 0, from))
      const [moved, ...results] = await Promise.all([moving, ...writes])
      assert.ok(moved === 'ok' || moved === 'conflict')
      kept.push(...names.filter((_name, i) => results[i] === 'ok'))
      if (moved === 'ok') [from, to] = [to, hashId(newId())]
      const { attributes } = await bench.found(0, from)
      assert.deepEqual([...attributes.keys()].toSorted(), kept.toSorted())
    }
  },
}

const touching: Group = {
  'writes an access down once it is due, and answers the one before': async (bench) => {
    await bench.create()
    assert.equal((await bench.found(10_000)).lastAccessedAt, NOW)
    assert.equal((await bench.found(10_001)).lastAccessedAt, NOW + 10_000)
  },
  'does not write down an access that is not due': async (bench) => {
    await bench.create()
    await bench.found(9_999)
    assert.equal((await bench.found(9_999)).lastAccessedAt, NOW)
  },
  'is never set back by a node whose clock is behind': async (bench) => {
    await bench.create()
    await bench.found(30_000)
    await bench.found(15_000)
    assert.equal((await bench.found(30_000)).lastAccessedAt, NOW + 30_000)
  },
}

const expiring: Group = {
  'keeps a session for its idle timeout after the last access': async (bench) => {
    await bench.create({ q: 'x' })
    await bench.found(59_999)
    await bench.found(59_999 + 59_999)
  },
  'forgets it at most one throttle later, and does not touch it then': async (bench) => {
    await bench.create({ q: 'x' })
    await bench.absent(70_000)
    await bench.absent(70_001)
  },
  'ends a session at its absolute timeout, however busy': async (bench) => {
    await bench.create()
    const load = (after: number) => bench.store.load(bench.key, bench.at(after, { absoluteTimeoutMs: 100_000 }))
    for (const after of [40_000, 80_000, 99_999]) assert.equal(typeof (await load(after)), 'object')
    const late = await load(100_000)
    assert.ok(late === undefined || late === 'expired')
  },
  'has a shorter idle timeout of the options hold for sessions that were made before': async (bench) => {
    await bench.create()
    const short = { idleTimeoutMs: 20_000 }
    assert.equal(idleOf(await bench.load(1_000, bench.key, short)), 20_000)
    await bench.absent(31_001, bench.key, short)
  },
  'has a longer idle timeout of the options hold for sessions that were made before': async (bench) => {
    await bench.create({}, { user: bench.user })
    const long = { idleTimeoutMs: 600_000 }
    assert.equal(idleOf(await bench.load(1_000, bench.key, long)), 600_000)
    assert.equal(idleOf(await bench.load(600_000, bench.key, long)), 600_000)
    assert.deepEqual(keysOf(await bench.store.ofUser(bench.user, bench.at(1_100_000, long))), [bench.key])
  },
  'takes a new idle timeout of the options over with a commit, too': async (bench) => {
    for (const [key, delta] of [
      [bench.key, { set: bytesOf({ q: 'x' }) }],
      [bench.other, { renameTo: hashId(newId()) }],
    ] as const) {
      await bench.create({}, {}, key)
      const long = { idleTimeoutMs: 600_000 }
      assert.equal(await bench.store.commit(key, delta, bench.at(1_000, long)), 'ok')
      const now = 'renameTo' in delta ? delta.renameTo : key
      assert.equal(idleOf(await bench.load(500_000, now, long)), 600_000)
      const short = { idleTimeoutMs: 20_000 }
      assert.equal(await bench.store.commit(now, { set: bytesOf({ q: 'y' }) }, bench.at(500_000, short)), 'ok')
      await bench.absent(530_001, now, short)
    }
  },
  'leaves a session its own lifetime, longer or shorter, whatever the options say': async (bench) => {
    for (const [idleTimeoutMs, lasts] of [
      [600_000, 600_000],
      [5_000, 5_000],
      [-1000, 1e9],
    ] as const) {
      const key = hashId(newId())
      await bench.create({}, { lifetime: { idleTimeoutMs, absoluteTimeoutMs: 0, persistent: true } }, key)
      for (const other of [{}, { idleTimeoutMs: 30_000, absoluteTimeoutMs: 40_000 }]) {
        const found = await bench.load(0, key, other)
        assert.ok(typeof found === 'object')
        assert.equal(found.idleTimeoutMs, idleTimeoutMs)
        assert.deepEqual(found.own, { idleTimeoutMs, absoluteTimeoutMs: 0, persistent: true })
      }
      assert.equal(idleOf(await bench.load(lasts - 1, key, { absoluteTimeoutMs: 40_000 })), idleTimeoutMs)
    }
  },
  'touches a session of a short lifetime often enough': async (bench) => {
    await bench.create({}, { lifetime: { idleTimeoutMs: 5_000 } })
    for (const after of [3_000, 6_000, 9_000, 12_000]) await bench.found(after)
    await bench.absent(12_000 + 5_000 + 167)
  },
  'gives a session another lifetime, and takes it back': async (bench) => {
    await bench.create()
    assert.equal(await bench.commit({ lifetime: { idleTimeoutMs: 600_000, absoluteTimeoutMs: 0 } }), 'ok')
    assert.equal(idleOf(await bench.load(500_000)), 600_000)
    assert.equal(await bench.commit({ lifetime: { idleTimeoutMs: -1000 } }, 500_000), 'ok')
    assert.equal(idleOf(await bench.load(1e9)), -1000)
    const { other } = bench
    assert.equal(await bench.commit({ renameTo: other, lifetime: { idleTimeoutMs: 600_000 } }, 1e9), 'ok')
    assert.equal(idleOf(await bench.load(1e9 + 500_000, other)), 600_000)
    assert.equal(await bench.commit({ lifetime: null }, 1e9 + 500_000, other), 'ok')
    const found = await bench.found(1e9 + 500_000, other)
    assert.deepEqual([found.idleTimeoutMs, found.own], [60_000, undefined])
    await bench.absent(1e9 + 570_000, other)
  },
  'lets a session’s own absolute timeout end it, and no other': async (bench) => {
    await bench.create({}, { lifetime: { idleTimeoutMs: 60_000, absoluteTimeoutMs: 100_000 } })
    for (const after of [40_000, 80_000, 99_999]) await bench.found(after)
    await bench.absent(100_000)
  },
  'keeps a session with a long lifetime in its user’s list': async (bench) => {
    const lifetime = { idleTimeoutMs: 6_000_000 }
    await bench.create({}, { user: bench.user, lifetime })
    assert.deepEqual(keysOf(await bench.store.ofUser(bench.user, bench.at(5_000_000))), [bench.key])
    await bench.commit({ renameTo: bench.other, previousUser: bench.user, lifetime })
    await bench.create({}, { user: bench.user }, hashId(newId())) // whoever enters drops what has passed
    assert.deepEqual(keysOf(await bench.store.ofUser(bench.user, bench.at(5_000_000))), [bench.other])
  },
  'says whether it wrote the access down, if it says so at all': async (bench) => {
    await bench.create()
    const touches = []
    for (const after of [9_999, 10_000, 10_001]) touches.push((await bench.found(after)).isTouched ?? after === 10_000)
    assert.deepEqual(touches, [false, true, false])
  },
}

const keysOf = (listings: readonly { key: string }[]): string[] => listings.map(({ key }) => key).toSorted()

const users: Group = {
  'lists the sessions of a user, and of nobody else': async (bench) => {
    await bench.create({}, { user: bench.user, authenticatedAt: NOW })
    await bench.create({}, { user: `${bench.user}'s sister` }, bench.other)
    const [only, ...others] = await bench.store.ofUser(bench.user, bench.at())
    assert.deepEqual(others, [])
    const expected = { key: bench.key, createdAt: NOW, lastAccessedAt: NOW, user: bench.user, authenticatedAt: NOW }
    assert.deepEqual(only, expected)
    const { user, authenticatedAt } = await bench.found()
    assert.deepEqual({ user, authenticatedAt }, { user: bench.user, authenticatedAt: NOW })
  },
  'follows a session that moves': async (bench) => {
    await bench.create()
    await bench.commit({ renameTo: bench.other, user: bench.user })
    assert.deepEqual(keysOf(await bench.store.ofUser(bench.user, bench.at())), [bench.other])
    await bench.commit({ renameTo: bench.key, previousUser: bench.user }, 0, bench.other)
    assert.deepEqual(keysOf(await bench.store.ofUser(bench.user, bench.at())), [bench.key])
    assert.equal((await bench.found()).user, bench.user)
  },
  'follows a session that changes hands': async (bench) => {
    await bench.create({}, { user: bench.user })
    const next = `${bench.user}'s sister`
    await bench.commit({ renameTo: bench.other, user: next, previousUser: bench.user })
    assert.deepEqual(await bench.store.ofUser(bench.user, bench.at()), [])
    assert.deepEqual(keysOf(await bench.store.ofUser(next, bench.at())), [bench.other])
  },
  'keeps nothing of a session that moves and begins anew': async (bench) => {
    const lifetime = { idleTimeoutMs: 600_000 }
    await bench.create({ a: '1', b: '2' }, { user: bench.user, authenticatedAt: NOW, lifetime })
    const next = `${bench.user}'s sister`
    const anew = { createdAt: NOW + 5_000 }
    const delta = { renameTo: bench.other, anew, set: bytesOf({ b: '3' }), user: next, previousUser: bench.user }
    assert.equal(await bench.commit({ ...delta, graceMs: 5_000 }, 5_000), 'ok')
    assert.equal(await bench.load(5_000), 'rotated')
    const found = await bench.found(5_000, bench.other)
    const { createdAt, lastAccessedAt, idleTimeoutMs, user, authenticatedAt, own } = found
    assert.deepEqual([createdAt, lastAccessedAt, idleTimeoutMs], [NOW + 5_000, NOW + 5_000, 60_000])
    assert.deepEqual([textOf(found), user, authenticatedAt, own], [{ b: '3' }, next, undefined, undefined])
    assert.deepEqual(await bench.store.ofUser(bench.user, bench.at(5_000)), [])
    assert.deepEqual(keysOf(await bench.store.ofUser(next, bench.at(5_000))), [bench.other])
    await bench.absent(75_001, bench.other)
    assert.equal(await bench.commit({ renameTo: hashId(newId()), anew }), 'gone')
  },
  'follows a session that becomes nobody’s': async (bench) => {
    await bench.create({ a: '1' }, { user: bench.user, authenticatedAt: NOW })
    await bench.commit({ renameTo: bench.other, user: null, previousUser: bench.user })
    assert.deepEqual(await bench.store.ofUser(bench.user, bench.at()), [])
    const { user, authenticatedAt, ...rest } = await bench.found(0, bench.other)
    assert.deepEqual([user, authenticatedAt, textOf(rest)], [undefined, undefined, { a: '1' }])
  },
  'does not list a session that has ended': async (bench) => {
    await bench.create({}, { user: bench.user })
    await bench.create({}, { user: bench.user }, bench.other)
    await bench.store.destroy(bench.key, bench.at())
    assert.deepEqual(keysOf(await bench.store.ofUser(bench.user, bench.at())), [bench.other])
    assert.deepEqual(await bench.store.ofUser(bench.user, bench.at(70_000)), [])
  },
  'lists a session for as long as it is kept alive': async (bench) => {
    await bench.create({}, { user: bench.user })
    for (const after of [50_000, 100_000, 150_000, 200_000, 250_000]) await bench.found(after)
    assert.deepEqual(keysOf(await bench.store.ofUser(bench.user, bench.at(250_000))), [bench.key])
  },
}

const listing: Group = {
  'lists all sessions, part by part': async (bench) => {
    const keys = Array.from({ length: 25 }, () => hashId(newId()))
    for (const key of keys) await bench.create({}, {}, key)
    const seen = new Set<string>()
    let cursor: string | undefined
    do {
      const page = await bench.store.list({ ...bench.at(), limit: 10, ...(cursor === undefined ? {} : { cursor }) })
      for (const { key } of page.sessions) seen.add(key)
      cursor = page.cursor
    } while (cursor !== undefined)
    for (const key of keys) assert.ok(seen.has(key), 'a session is missing from the list')
  },
}
