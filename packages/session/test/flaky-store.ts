import { memoryStore } from '../src/store/memory.ts'
import type { SessionStore } from '../src/store/store.ts'

/** A store that can be told to fail or to hang, and counts its calls. */
export interface FlakyStore extends SessionStore {
  mood: 'well' | 'failing' | 'hung'
  readonly calls: string[]
  /** Only these methods are in the mood; all of them by default. */
  only: readonly string[] | undefined
}

/** A memory store whose calls can be made to fail or to hang. */
export function flakyStore(): FlakyStore {
  const inner = memoryStore({ sweepEveryMs: 0 })
  const calls: string[] = []
  const pass = <T>(name: string, call: () => Promise<T>): Promise<T> => {
    calls.push(name)
    const isConcerned = store.only === undefined || store.only.includes(name)
    if (store.mood === 'well' || !isConcerned) return call()
    return store.mood === 'failing' ? Promise.reject(new Error('the store is broken')) : new Promise(() => {})
  }
  const store: FlakyStore = {
    mood: 'well',
    only: undefined,
    calls,
    load: (key, options) => pass('load', async () => inner.load(key, options)),
    commit: (key, delta, options) => pass('commit', () => inner.commit(key, delta, options)),
    destroy: (key, options) => pass('destroy', () => inner.destroy(key, options)),
    ofUser: (user, options) => pass('ofUser', () => inner.ofUser(user, options)),
    list: (options) => pass('list', () => inner.list(options)),
    [Symbol.asyncDispose]: () => inner[Symbol.asyncDispose](),
  }
  return store
}
