import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { BalancerProcess } from './process.ts'

const main = fileURLToPath(new URL('../src/main.ts', import.meta.url))

/** A node that keeps sessions in its own memory, and nowhere else: whoever comes to another has lost his. */
async function sessionNode(): Promise<Server> {
  const sessions = new Map<string, string>()
  const server = createServer((req, res) => {
    if (req.url === '/readyz') return res.end()
    const id = /(?:^|; )JSESSIONID=(\w+)/.exec(req.headers.cookie ?? '')?.[1]
    if (req.method === 'POST') {
      const fresh = crypto.randomUUID().replaceAll('-', '')
      sessions.set(fresh, req.url ?? '')
      return res.setHeader('Set-Cookie', `JSESSIONID=${fresh}; Path=/`).end()
    }
    return res.end(sessions.get(id ?? '') ?? 'lost')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return server
}

async function clientsOf(url: string, count: number): Promise<string[]> {
  const jars: string[] = []
  for (let i = 0; i < count; i++) {
    const answer = await fetch(`${url}/user-${i}`, { method: 'POST' })
    jars.push(
      answer.headers
        .getSetCookie()
        .map((cookie) => cookie.split(';')[0])
        .join('; '),
    )
  }
  return jars
}

async function readAll(url: string, jars: readonly string[]): Promise<{ read: string[]; cookies: number }> {
  const read: string[] = []
  let cookies = 0
  for (const cookie of jars) {
    const answer = await fetch(url, { headers: { cookie, connection: 'close' } })
    cookies += answer.headers.getSetCookie().length
    read.push(await answer.text())
  }
  return { read, cookies }
}

const programs = {
  haproxy: { file: 'haproxy.cfg', args: (file: string) => ['-db', '-f', file] },
  nginx: { file: 'nginx.conf', args: (file: string) => ['-c', file, '-g', 'daemon off;'] },
}

test.for(['haproxy', 'nginx'] as const)(
  'a cluster moves to %s with one command, and back, and loses no session',
  async (target, { skip }) => {
    if (spawnSync(target, ['-v']).error && process.env.REQUIRE_ALL === undefined) skip(`this machine has no ${target}`)
    const nodes = await Promise.all([sessionNode(), sessionNode(), sessionNode()])
    const folder = mkdtempSync(join(tmpdir(), `balancer-move-${target}-`))
    chmodSync(folder, 0o755)
    await using stack = new AsyncDisposableStack()
    stack.defer(() => {
      for (const node of nodes) node.close().closeAllConnections()
      rmSync(folder, { recursive: true, force: true })
    })
    const upstreams = nodes.map((node, i) => `${'abc'[i]}=http://127.0.0.1:${(node.address() as AddressInfo).port}`)
    const env = { UPSTREAMS: upstreams.join(), MODE: 'sticky', AFFINITY_SECRET: 'a secret of the tests only' }

    const ours = stack.use(new BalancerProcess(env))
    await expect.poll(() => ours.ready).toBeDefined()
    const { url = '' } = ours.ready ?? {}
    const jars = await clientsOf(url, 12)
    const expected = jars.map((_, i) => `/user-${i}`)
    expect(await readAll(url, jars)).toEqual({ read: expected, cookies: 0 })

    const where = { ...env, BALANCER_PORT: new URL(url).port, PATH: process.env.PATH ?? '' }
    const text = execFileSync(process.execPath, [main, '--print', target, '--folder', folder], {
      env: where,
      encoding: 'utf8',
    })
    const { file, args } = programs[target]
    writeFileSync(join(folder, file), text)
    ours.child.kill('SIGTERM')
    expect(await ours.exited).toBe(0)
    const theirs = spawn(target, args(join(folder, file)), { stdio: 'ignore' })
    stack.defer(async () => {
      theirs.kill('SIGTERM')
      if (theirs.exitCode === null && theirs.signalCode === null) await once(theirs, 'exit')
    })

    await expect
      .poll(() =>
        fetch(url).then(
          (answer) => answer.status,
          () => 0,
        ),
      )
      .toBe(200)
    expect(await readAll(url, jars)).toEqual({ read: expected, cookies: 0 })
    // The other way round it would be seen: without its affinity cookie a client does not find its session on every node.
    const stripped = jars.map((jar) => jar.replace(/; AFFINITY=[^;]*|AFFINITY=[^;]*; /, ''))
    expect((await readAll(url, stripped)).read).toContain('lost')

    // And back: those who were first seen there are found again here.
    const newcomers = await clientsOf(url, 6)
    theirs.kill('SIGTERM')
    if (theirs.exitCode === null && theirs.signalCode === null) await once(theirs, 'exit')
    const again = stack.use(new BalancerProcess({ ...env, BALANCER_PORT: new URL(url).port }))
    await expect.poll(() => again.ready).toBeDefined()
    const all = [...jars, ...newcomers]
    const everybody = [...expected, ...newcomers.map((_, i) => `/user-${i}`)]
    expect(await readAll(url, all)).toEqual({ read: everybody, cookies: 0 })
  },
)

test('what the other balancer cannot do is a line for each variable on stderr, and no file', () => {
  const env = { PATH: process.env.PATH ?? '', MODE: 'sticky', AFFINITY_SECRET: 'a secret of the tests only' }
  const printed = (target: string, more: Record<string, string>) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [main, '--print', target], {
      env: { ...env, ...more },
      encoding: 'utf8',
    })
    return { status, stdout, lines: stderr.trim().split('\n') }
  }
  expect(printed('nginx', { PANIC_THRESHOLD: '0.3', MAX_IN_FLIGHT: '4', HEALTH_PATH: '/health' })).toEqual({
    status: 1,
    stdout: '',
    lines: [
      'PANIC_THRESHOLD: nginx cannot do this: it has no panic threshold',
      'HEALTH_PATH: nginx cannot do this: it does not probe nodes',
      expect.stringMatching(/^MAX_IN_FLIGHT: nginx cannot do this: it cannot wait for a node that is full/),
    ],
  })
  expect(printed('haproxy', { AFFINITY_SECRET: '', UPSTREAMS: 'dns+a://web:80', BALANCER_PORT: '0' })).toEqual({
    status: 1,
    stdout: '',
    lines: [
      expect.stringMatching(/^BALANCER_PORT: /),
      expect.stringMatching(/^AFFINITY_SECRET: needed/),
      expect.stringMatching(/^UPSTREAMS: /),
    ],
  })
  expect(printed('caddy', {})).toMatchObject({
    status: 1,
    stdout: '',
    lines: [expect.stringContaining('understood are --print haproxy')],
  })
})
