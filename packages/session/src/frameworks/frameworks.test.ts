import { afterAll, describe, expect, it } from 'vitest'
import { type Any, actions, comparable, slowSessions } from '../../test/differential/cells.ts'
import { type Answer, ask, closeClient } from '../../test/differential/client.ts'
import { type Act, frameworks, routes, serve } from '../../test/differential/frameworks.ts'
import type { Sessions } from '../http.ts'

const isFull = process.env.TEST_BUDGET === 'full'
const acts = isFull ? Object.keys(actions) : ['untouched', 'written, new', 'rotated']
afterAll(closeClient)

/** What a client sees of every route; with a new session of its own before each where the action needs one. */
async function answers(name: string, act: Act, sessions: Sessions<Any> | undefined): Promise<Record<string, Answer>> {
  const make = frameworks[name] as (typeof frameworks)[string]
  let doing: Act = act
  await using server = await serve(make((request) => doing(request), sessions))
  const seen: Record<string, Answer> = {}
  for (const [route, asked] of Object.entries(routes)) {
    doing = (request) => sessions?.of(request).set('q', 0)
    const { setCookies } = await ask(server.port, { path: '/text' })
    const cookie = setCookies.find((line) => line.startsWith('SESSION='))?.split(';')[0] ?? 'none=1'
    doing = act
    seen[route] = await ask(server.port, { ...asked, headers: { cookie, host: 'app.test' } })
  }
  return seen
}

describe.each(Object.keys(frameworks))('%s answers as it does without sessions', { timeout: 120_000 }, (name) => {
  it.each(acts)('with a session that is %s', async (action) => {
    const sessions = slowSessions()
    const act: Act = (request) => actions[action]?.act(sessions.of(request))
    const [without, ours] = [await answers(name, () => {}, undefined), await answers(name, act, sessions)]
    expect(Object.values(without).every(({ end }) => end === 'complete')).toBe(true)
    for (const route of Object.keys(routes)) {
      const [left, right] = comparable(
        { answer: without[route] as Answer, notes: [] },
        { answer: ours[route] as Answer, notes: [] },
      )
      expect([route, right]).toEqual([route, left])
    }
  })

  it('saves what its routes change, and not what one changes that fails', async () => {
    const sessions = slowSessions()
    const act: Act = (request) => sessions.of(request).set('last', request.url)
    const make = frameworks[name] as (typeof frameworks)[string]
    await using server = await serve(make(act, sessions))
    const { setCookies } = await ask(server.port, { path: '/json' })
    const cookie = setCookies[0]?.split(';')[0] ?? ''
    await ask(server.port, { path: '/thrown', headers: { cookie, host: 'app.test' } })
    const request = { headers: { cookie } }
    expect(await sessions.from(request as never).get('last')).toBe('/json')
  })
})
