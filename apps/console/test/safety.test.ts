import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { request } from 'node:http'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { freePort } from '@session-cluster/cluster'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Console } from '../server/console.ts'
import { openConsole } from './open-console.ts'

let console: Console
beforeAll(async () => {
  console = await openConsole({ modes: ['sticky'] })
})
afterAll(() => console?.[Symbol.asyncDispose]())

const own = () => new URL(console.url).host

function ask(
  method: string,
  path: string,
  headers: Record<string, string>,
  body = '{}',
): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      { host: '127.0.0.1', port: new URL(console.url).port, method, path, headers },
      (answer) => {
        let text = ''
        answer.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk
        })
        answer.on('end', () => resolve({ status: answer.statusCode ?? 0, text }))
      },
    )
    outgoing.on('error', reject)
    outgoing.end(method === 'POST' ? body : undefined)
  })
}

const post = (path: string, body: object, headers: Record<string, string> = {}) =>
  ask(
    'POST',
    path,
    { host: own(), origin: `http://${own()}`, 'content-type': 'application/json', ...headers },
    JSON.stringify(body),
  )

const stateChanging = [
  '/api/act',
  '/api/clock',
  '/api/step',
  '/api/users',
  '/api/active',
  '/api/node',
  '/api/lane',
  '/api/power',
  '/api/codec',
  '/api/forge',
  '/api/inspect/cookie',
  '/api/inspect/session',
  '/api/inspect/redis',
]

describe('every call that changes or reveals something', () => {
  it.each(stateChanging)('%s is refused from a foreign origin or under a foreign name', async (path) => {
    const json = { 'content-type': 'application/json' }
    expect((await ask('POST', path, { ...json, host: own(), origin: 'http://evil.example' })).status).toBe(403)
    expect((await ask('POST', path, { ...json, host: own() })).status).toBe(403)
    expect((await ask('POST', path, { ...json, host: 'evil.example', origin: 'http://evil.example' })).status).toBe(403)
    expect(
      (await ask('POST', path, { 'content-type': 'text/plain', host: own(), origin: `http://${own()}` })).status,
    ).toBe(403)
  })

  it('refuses to be read under a foreign name (DNS rebinding)', async () => {
    for (const path of ['/', '/api/stream', '/api/export'])
      expect((await ask('GET', path, { host: 'evil.example' })).status).toBe(403)
  })

  it('listens on loopback only', () => {
    expect(console.url).toMatch(/^http:\/\/localhost:/)
  })
})

describe('session ids', () => {
  it('are masked in everything that the page is sent, until somebody asks to see them', async () => {
    const { jar } = console.stage.traffic.stateOf('Alice', 'sticky')
    const secrets = jar.all.map(({ value }) => value)
    expect(secrets).toHaveLength(2)
    const act = await post('/api/act', { user: 'Alice', action: 'open' })
    const texts = [
      act.text,
      JSON.stringify(console.stage.snapshot()),
      (await ask('GET', '/api/export', { host: own() })).text,
      (await post('/api/inspect/cookie', { user: 'Alice', lane: 'sticky' })).text,
      (await post('/api/inspect/session', { user: 'Alice', lane: 'sticky' })).text,
    ]
    for (const secret of secrets) for (const text of texts) expect(text.includes(secret)).toBe(false)
    const revealed = (await post('/api/inspect/cookie', { user: 'Alice', lane: 'sticky', reveal: true })).text
    expect(revealed).toContain(secrets[0])
  })
})

it('ends with 0 on SIGTERM, at once, also while it still waits for lanes that do not answer', async () => {
  const main = fileURLToPath(new URL('../server/main.ts', import.meta.url))
  const nobody = `http://127.0.0.1:${await freePort()}`
  const lane = `mode=local,balancer=${nobody},admin=${nobody},a=${nobody}`
  const env = { PATH: process.env.PATH, CONSOLE_PORT: '0', LANES: lane }
  const child = spawn(process.execPath, [main], { env, stdio: ['ignore', 'pipe', 'inherit'] })
  await using _ended = { [Symbol.asyncDispose]: async () => void child.kill('SIGKILL') }
  const lines = createInterface({ input: child.stdout })
  for await (const line of lines) if (line.includes('"listening"')) break
  const began = performance.now()
  child.kill('SIGTERM')
  const [code, signal] = await once(child, 'exit')
  expect([code, signal]).toEqual([0, null])
  // It would have waited for them for 60 s.
  expect(performance.now() - began).toBeLessThan(20_000)
})

describe('bad calls', () => {
  it.each<[string, object, number]>([
    ['/api/act', { user: 'Nobody', action: 'open' }, 404],
    ['/api/act', { user: 'Alice', action: 'steal' }, 400],
    ['/api/act', { user: 'Alice', action: 'open', times: 1e9 }, 400],
    ['/api/clock', { rate: -1 }, 400],
    ['/api/node', { lane: 'sticky', node: 'z', action: 'crash' }, 404],
    ['/api/node', { lane: 'nowhere', node: 'a', action: 'crash' }, 404],
    ['/api/act', { user: 'Alice', action: 'open', via: 'z' }, 404],
    ['/api/lane', { lane: 'sticky', action: 'remove', node: 'z' }, 404],
    ['/api/lane', { lane: 'sticky', action: 'redis-stop' }, 404],
    ['/api/inspect/cookie', { lane: 'nowhere', user: 'Alice' }, 404],
    ['/api/codec', { lane: 'nowhere', codec: 'json', sample: 'map' }, 404],
    ['/api/lane', { lane: 'sticky', action: 'explode' }, 400],
    ['/api/lane', { lane: 'sticky', action: 'codec', codec: 'java' }, 400],
    ['/api/inspect/redis', { lane: 'sticky', user: 'Alice' }, 409],
    ['/api/forge', { lane: 'sticky', user: 'Alice', cookie: 'JSESSIONID', value: 'a\r\nset-cookie: b' }, 400],
  ])('%s %j is answered %i with a sentence, not a stack', async (path, body, status) => {
    const answer = await post(path, body)
    expect(answer.status).toBe(status)
    expect((JSON.parse(answer.text) as { error: string }).error).toMatch(/^[A-Z]?[^\n]+$/)
    expect(answer.text).not.toContain('.ts:')
  })

  it('answers a path that is not there with 404, however it is written', async () => {
    for (const path of ['/../package.json', '/assets/../../server/main.ts', '/%2e%2e/package.json', '/nothing']) {
      expect((await ask('GET', path, { host: own() })).status).toBe(404)
    }
  })
})
