import { request as httpRequest } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import type { Any } from '../../test/app.ts'
import { watchForDeaths } from '../../test/deaths.ts'
import { cells, type Deed, deeds, matrixApp } from '../../test/fastify-matrix.ts'
import { flakyStore } from '../../test/flaky-store.ts'
import { fastifySyncSessions } from '../fastify-session.ts'
import { createSessions } from '../index.ts'

const { deaths } = watchForDeaths()
const REQUESTS = 2000
const AT_ONCE = 20

/** The same numbers in every run. */
function random(seed: number): { below(n: number): number; of<T>(all: readonly T[]): T } {
  let state = seed
  const below = (n: number) => {
    state = (state * 48_271) % 2_147_483_647
    return state % n
  }
  return { below, of: (all) => all[below(all.length)] as never }
}

describe('a Fastify application with sessions', () => {
  it('lives and answers after 2,000 random requests over all routes, with any cookies, in parallel, aborted', async () => {
    const dice = random(12)
    const store = flakyStore()
    const sessions = createSessions<Any>({
      store,
      breaker: { failures: 0 },
      cookie: { secure: false, persistent: true },
      touchEveryMs: 0,
    })
    const act = ({ headers }: { headers: Record<string, unknown> }) => deeds[String(headers['x-deed'])] as Deed
    const app = matrixApp(
      new Map(),
      (request) => turn().then(() => act(request).act(sessions.of(request), request)),
      (scope) => scope.register(fastifySyncSessions, { sessions }),
    )
    const at = await app.listen({ port: 0, host: '127.0.0.1' })
    const { port } = app.server.address() as AddressInfo
    const cookies = await Promise.all([1, 2, 3].map(() => cookieOf()))
    const answers = new Map<number, number>()

    async function cookieOf(): Promise<string> {
      const session = sessions.begin({ headers: {} }, undefined)
      await session.set('q', 'before')
      await session.commit()
      return `SESSION=${(await session.info())?.id}`
    }

    function cookie(): string {
      const good = dice.of(cookies)
      const others = [
        '',
        'SESSION=',
        'SESSION=%',
        `SESSION=${'a'.repeat(24)}`,
        `x; ${good}; ${good}`,
        `SESSION="${good}"`,
      ]
      const odd = ['SESSION=\u00ff\u00fe', `SESSION=${'b'.repeat(9000)}`, '=;=;SESSION', `${good}.route.x`]
      return dice.below(3) > 0 ? good : dice.of([...others, ...odd])
    }

    function send(): Promise<number> {
      const { place, way } = dice.of(cells)
      const path = `/${place}?way=${encodeURIComponent(way)}`
      const headers = {
        cookie: cookie(),
        'x-deed': dice.of(Object.keys(deeds)),
        connection: dice.of(['close', 'keep-alive']),
      }
      const abortsAfter = dice.below(4) === 0 ? dice.below(6) : undefined
      const method = dice.of(['GET', 'POST'])
      return new Promise((resolve) => {
        const sent = httpRequest({ port, path, method, headers, timeout: 2000 }, (response) => {
          response.resume().on('error', () => {})
          response.once('close', () => resolve(response.statusCode ?? 0))
        })
        sent.on('error', () => resolve(-1)).on('timeout', () => sent.destroy())
        sent.end()
        if (abortsAfter !== undefined) void abort(sent, abortsAfter)
      })
    }

    async function abort(sent: { destroy(): void }, turns: number): Promise<void> {
      for (let i = 0; i < turns; i++) await turn()
      sent.destroy()
    }

    for (let i = 0; i < REQUESTS; i += AT_ONCE) {
      store.mood = i % 200 === 100 ? 'failing' : 'well'
      if (i % 400 === 0) cookies.push(await cookieOf().catch(() => ''))
      for (const status of await Promise.all(Array.from({ length: AT_ONCE }, send))) {
        answers.set(status, (answers.get(status) ?? 0) + 1)
      }
    }
    store.mood = 'well'
    const headers = { cookie: await cookieOf(), 'x-deed': 'get' }
    const last = await fetch(`${at}/handler?way=value`, { headers })
    expect([last.status, await last.json()]).toEqual([200, { own: 'answer' }])
    expect(deaths).toEqual([])
    // It was put to the test: answers of many kinds, refused writes and aborted requests among them.
    for (const status of [200, 302, 403, 409, 503, -1])
      expect(answers.get(status), `status ${status}`).toBeGreaterThan(20)
    await app.close()
  }, 120_000)
})
