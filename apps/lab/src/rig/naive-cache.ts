import { RedisStore } from 'connect-redis'
import type { SessionData } from 'express-session'
import { createClient } from 'redis'

/**
 * A cache as one adds it to connect-redis in an afternoon: what was read stays in memory, and whoever ends a session tells the others
 * by pub/sub to forget it. It waits for nobody, and does not notice that it is not told.
 */
export async function naiveCache(url: string, prefix: string): Promise<RedisStore> {
  const [client, told] = [createClient({ url }), createClient({ url })]
  for (const each of [client, told]) each.on('error', () => {}) // It connects again.
  await Promise.all([client.connect(), told.connect()])
  const memory = new Map<string, SessionData>()
  await told.subscribe('ended', (id) => void memory.delete(id))
  const store = new RedisStore({ client, prefix })
  const [get, destroy] = [store.get.bind(store), store.destroy.bind(store)]
  return Object.assign(store, {
    get: async (id: string, answer: (error?: unknown, data?: SessionData | null) => void) => {
      const known = memory.get(id)
      if (known) return answer(null, structuredClone(known))
      return get(id, (error: unknown, data?: SessionData | null) => {
        if (data) memory.set(id, structuredClone(data))
        answer(error, data)
      })
    },
    destroy: async (id: string, answer: (error?: unknown) => void) => {
      memory.delete(id)
      await destroy(id)
      await client.publish('ended', id)
      answer()
    },
  })
}
