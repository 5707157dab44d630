import { describe, expect, it } from 'vitest'
import { node } from '../test/app.ts'
import { browser } from '../test/browser.ts'
import { redisRig } from '../test/redis-rig.ts'
import { redisOptions } from './store/redis/options.ts'
import { redisStore } from './store/redis/redis.ts'

const HOUR_MS = 3_600_000

describe('a node whose clock is off', () => {
  it.each([-HOUR_MS, HOUR_MS].flatMap((off) => ['right', 'wrong'].map((first) => [off, first] as const)))(
    'ends the old id everywhere at a login, by %i ms, the session made by the %s clock',
    async (off, first) => {
      await using rig = await redisRig()
      const store = redisStore({ client: rig.client(redisOptions) })
      await using right = await node({ store })
      await using wrong = await node({ store, now: () => Date.now() + off })
      for (const n of [right, wrong]) {
        n.on('/set', (session) => session.set('q', 'x'))
        n.on('/get', (session) => session.get('q'))
        n.on('/login', (session) => session.rotate({ user: 'bob' }))
      }
      const [maker, other] = first === 'right' ? [right, wrong] : [wrong, right]
      const user = browser(maker.app)
      await user.get('/set')
      const thief = user.copy()
      expect((await user.get('/login', other.app)).statusCode).toBe(200)
      expect(user.cookies).not.toEqual(thief.cookies)
      for (const n of [maker, other]) expect((await thief.get('/get', n.app)).json()).toEqual({ value: null })
    },
  )
})
