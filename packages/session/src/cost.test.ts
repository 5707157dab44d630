import { afterAll, describe, expect, it } from 'vitest'
import { node } from '../test/app.ts'
import { browser } from '../test/browser.ts'
import { redisRig } from '../test/redis-rig.ts'
import type { SessionReport } from './request/report.ts'
import { redisStore } from './store/redis/redis.ts'

const rig = await redisRig()
afterAll(() => rig[Symbol.asyncDispose]())

/** An app with a route per kind of request, and what Redis itself sees of each (by MONITOR). */
async function counted() {
  const client = rig.client()
  const n = await node({ store: redisStore({ client }), storeTimeoutMs: 30_000 })
  const reports: SessionReport[] = []
  n.app.addHook('onResponse', async (request) => void reports.push(n.sessions.of(request).report()))
  n.app.get('/untouched', async () => 'ok')
  n.on('/read', (session) => session.get('q'))
  n.on('/write', (session) => session.set('q', 'x'))
  n.on('/rotate', (session) => session.rotate({ user: 'bob' }))
  n.on('/update', (session) => session.update('n', () => 1))
  n.on('/logout', (session) => session.invalidate())
  await client.ping() // what a new connection asks by itself is over
  const monitor = await rig.client().monitor()
  const seen: string[] = []
  let marked = ''
  // What a script does inside the server is marked as "lua": it is no command of the client's.
  monitor.on('monitor', (_time: string, [name = '', text = '']: string[], source: string) => {
    if (name === 'echo') marked = text
    else if (source !== 'lua') seen.push(name)
  })
  const user = browser(n.app)
  /** Returns when MONITOR has shown everything up to now. */
  const mark = async (text: string) => {
    await client.echo(text) // over the store's own connection, so that it cannot overtake what nobody waits for
    await expect.poll(() => marked).toBe(text)
  }
  const ask = async (url: string) => {
    await mark(`before ${url} ${reports.length}`)
    seen.length = 0
    await user.get(url)
    await mark(`after ${url} ${reports.length}`)
    const { storeCommands, storeRoundTrips } = reports.at(-1) as SessionReport
    return { commands: seen.length, storeCommands, storeRoundTrips }
  }
  // Redis learns each script at its first use; then the session that is counted begins.
  for (const url of ['/write', '/read', '/rotate', '/update', '/logout', '/write', '/rotate']) await user.get(url)
  return { ask, [Symbol.asyncDispose]: () => n[Symbol.asyncDispose]() }
}

describe('what a request costs Redis, as MONITOR sees it', () => {
  it('is 0 untouched, 1 to read, 2 to write, to rotate and to update, 1 to end and 1 to leave the index', async () => {
    await using n = await counted()
    const cost = (commands: number, roundTrips = commands) => ({
      commands,
      storeCommands: commands,
      storeRoundTrips: roundTrips,
    })
    expect(await n.ask('/untouched')).toEqual(cost(0))
    expect(await n.ask('/read')).toEqual(cost(1))
    expect(await n.ask('/write')).toEqual(cost(2))
    expect(await n.ask('/rotate')).toEqual(cost(2))
    expect(await n.ask('/update')).toEqual(cost(2))
    expect(await n.ask('/logout')).toEqual(cost(2, 1))
  })
})
