import { readFileSync, writeFileSync } from 'node:fs'
import { Agent, createServer, request } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { CertificateFiles, servedName } from './certificate.ts'
import { BalancerProcess, startNodes } from './process.ts'

const upstreams = (nodes: readonly { entry: string }[]) => nodes.map((node) => node.entry).join()

test('it says ready once, with both addresses, and serves on them', async () => {
  await using nodes = await startNodes(['a', 'b'])
  await using lb = new BalancerProcess({ UPSTREAMS: upstreams(nodes) })
  await expect.poll(() => lb.ready).toBeDefined()
  const { url = '', adminUrl = '' } = lb.ready ?? {}
  const bodies = [await (await fetch(url)).text(), await (await fetch(url)).text()]
  expect(bodies).toEqual(['a', 'b'])
  expect(await (await fetch(adminUrl)).json()).toMatchObject({ mode: 'local', engine: 'direct', affinity: null })
  expect(lb.log.filter((line) => line.msg === 'ready')).toHaveLength(1)
  expect(lb.err).toBe('')
})

test('with its log switched off it still says that it is ready', async () => {
  await using nodes = await startNodes(['a'])
  await using lb = new BalancerProcess({ UPSTREAMS: upstreams(nodes), LOG_LEVEL: 'silent', ACCESS_LOG: 'on' })
  await expect.poll(() => lb.ready).toBeDefined()
  expect(await (await fetch(lb.ready?.url ?? '')).text()).toBe('a')
  lb.child.kill('SIGTERM')
  expect(await lb.exited).toBe(0)
  expect(lb.log.map((line) => line.msg)).toEqual(['ready'])
})

test('MODE=sticky puts affinity around the policy', async () => {
  await using nodes = await startNodes(['a', 'b'])
  await using lb = new BalancerProcess({ UPSTREAMS: upstreams(nodes), MODE: 'sticky' })
  await expect.poll(() => lb.ready).toBeDefined()
  const first = await fetch(lb.ready?.url ?? '')
  const cookie = first.headers.get('set-cookie')?.split(';')[0] ?? ''
  expect(cookie).toMatch(/^AFFINITY=/)
  const name = await first.text()
  for (let i = 0; i < 3; i++) {
    expect(await (await fetch(lb.ready?.url ?? '', { headers: { cookie } })).text()).toBe(name)
  }
  expect(lb.log.some((line) => String(line.msg).startsWith('AFFINITY_SECRET is not set'))).toBe(true)
})

test('on SIGTERM it finishes what is in flight, refuses what is new, and exits 0', async () => {
  await using nodes = await startNodes(['a'])
  await using lb = new BalancerProcess({ UPSTREAMS: upstreams(nodes) })
  await expect.poll(() => lb.ready).toBeDefined()
  const { url = '', adminUrl = '' } = lb.ready ?? {}
  const slow = fetch(`${url}/slow`).then((response) => response.text())
  await expect.poll(() => nodes[0]?.held.length).toBe(1)
  lb.child.kill('SIGTERM')
  await expect.poll(async () => (await fetch(`${adminUrl}/readyz`)).status).toBe(503)
  await expect(fetch(url)).rejects.toThrow()
  nodes[0]?.held[0]?.()
  expect(await slow).toBe('a')
  expect(await lb.exited).toBe(0)
})

test('without a certificate to read again, SIGHUP is a terminal that was closed: it ends', async () => {
  await using nodes = await startNodes(['a'])
  await using lb = new BalancerProcess({ UPSTREAMS: upstreams(nodes) })
  await expect.poll(() => lb.ready).toBeDefined()
  lb.child.kill('SIGHUP')
  expect(await lb.exited).toBe(0)
})

test('on SIGTERM what does not end in time is cut, and it exits 0 all the same', async () => {
  await using nodes = await startNodes(['a'])
  await using lb = new BalancerProcess({ UPSTREAMS: upstreams(nodes), DRAIN_MS: '100' })
  await expect.poll(() => lb.ready).toBeDefined()
  const slow = fetch(`${lb.ready?.url}/slow`).then((response) => response.status)
  await expect.poll(() => nodes[0]?.held.length).toBe(1)
  lb.child.kill('SIGTERM')
  expect(await slow).toBe(502)
  expect(await lb.exited).toBe(0)
})

test('a wrong variable is one line on stderr and exit 1', async () => {
  await using lb = new BalancerProcess({ MODE: 'cluster' })
  expect(await lb.exited).toBe(1)
  expect(lb.err).toBe('MODE: "cluster" is not one of local, sticky, clustered, hybrid, redis\n')
  expect(lb.out).toBe('')
})

test.each(['BALANCER_PORT', 'ADMIN_PORT'])('a taken %s is one line on stderr and exit 1', async (variable) => {
  const server = createServer()
  const { promise, resolve } = Promise.withResolvers<void>()
  server.listen(0, '127.0.0.1', resolve)
  await promise
  const { port } = server.address() as AddressInfo
  await using lb = new BalancerProcess({ [variable]: String(port), UPSTREAMS: 'a=http://127.0.0.1:1' })
  expect(await lb.exited).toBe(1)
  expect(lb.err).toBe(`${variable}: port ${port} is taken; give a free one, or 0 for any\n`)
  server.close()
})

test('the access log has a line for each request, with how it ended', async () => {
  await using nodes = await startNodes(['a'])
  await using lb = new BalancerProcess({ UPSTREAMS: upstreams(nodes), ACCESS_LOG: 'on' })
  await expect.poll(() => lb.ready).toBeDefined()
  await (await fetch(`${lb.ready?.url}/x?y=1`)).text()
  const line = () => lb.log.find((entry) => entry.msg === 'request')
  await expect.poll(line).toBeDefined()
  const expected = { method: 'GET', path: '/x?y=1', upstream: 'a', status: 200, termination: 'ok', flags: '--' }
  expect(line()).toMatchObject({ ...expected, attempts: 1, client: '127.0.0.1', bytesOut: 1 })
})

test('SIGHUP takes the new certificate, and keeps the old one when the new is broken', async () => {
  using files = new CertificateFiles('one')
  await using nodes = await startNodes(['a'])
  await using lb = new BalancerProcess({ UPSTREAMS: upstreams(nodes), TLS_CERT: files.cert, TLS_KEY: files.key })
  await expect.poll(() => lb.ready).toBeDefined()
  expect(lb.ready?.url).toMatch(/^https:/)
  const name = () => servedName(lb.ready?.url ?? '')
  expect(await name()).toBe('one')
  files.make('two')
  lb.child.kill('SIGHUP')
  await expect.poll(name).toBe('two')
  writeFileSync(files.cert, 'no certificate')
  lb.child.kill('SIGHUP')
  await expect.poll(() => lb.log.some((line) => line.msg === 'reload of the certificate: failed')).toBe(true)
  expect(await name()).toBe('two')
})

test('a certificate without its key is one line on stderr and exit 1', async () => {
  const file = fileURLToPath(import.meta.url)
  await using lb = new BalancerProcess({ TLS_CERT: file, TLS_KEY: file })
  expect(await lb.exited).toBe(1)
  expect(lb.err).toMatch(/^TLS_CERT, TLS_KEY: not a certificate and its key in PEM[^\n]*\n$/)
})

test.runIf(process.platform === 'linux').each([{}, { WORKERS: '1' }])(
  'SIGUSR2 while it starts does no harm (%o)',
  async (env: Record<string, string>) => {
    await using nodes = await startNodes(['a'])
    await using lb = new BalancerProcess({ UPSTREAMS: upstreams(nodes), ...env })
    const caught = (): bigint => {
      const status = readFileSync(`/proc/${lb.child.pid}/status`, 'utf8')
      return BigInt(`0x${/^SigCgt:\s*([\da-f]+)/m.exec(status)?.[1] ?? '0'}`)
    }
    // As soon as it is the program's to decide what the signal does.
    await expect.poll(() => (caught() >> 11n) & 1n).toBe(1n)
    expect(lb.ready).toBeUndefined()
    while (!lb.ready && lb.child.exitCode === null && lb.child.signalCode === null) {
      lb.child.kill('SIGUSR2')
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect(lb.child.signalCode).toBe(null)
    expect(await (await fetch(lb.ready?.url ?? '')).text()).toBe('a')
  },
)

test('on SIGTERM it is no longer ready, and serves everybody for GRACE_MS; SIGINT ends that', async () => {
  await using nodes = await startNodes(['a'])
  await using lb = new BalancerProcess({ UPSTREAMS: upstreams(nodes), GRACE_MS: '600000' })
  await expect.poll(() => lb.ready).toBeDefined()
  const { url = '', adminUrl = '' } = lb.ready ?? {}
  lb.child.kill('SIGTERM')
  await expect.poll(async () => (await fetch(`${adminUrl}/readyz`)).status).toBe(503)
  for (let i = 0; i < 3; i++) {
    const answer = await fetch(url)
    expect([answer.status, answer.headers.get('connection')]).toEqual([200, 'close'])
  }
  expect(lb.child.exitCode).toBe(null)
  lb.child.kill('SIGINT')
  expect(await lb.exited).toBe(0)
})

test.runIf(process.platform === 'linux').each([{}, { WORKERS: '1' }])(
  'a flood of idle connections that is larger than the limit of open files takes no node down (%o)',
  async (env: Record<string, string>) => {
    await using nodes = await startNodes(['a', 'b'])
    await using lb = new BalancerProcess({ UPSTREAMS: upstreams(nodes), HEALTH_INTERVAL_MS: '20', ...env }, 64)
    await expect.poll(() => lb.ready).toBeDefined()
    const { url = '', adminUrl = '' } = lb.ready ?? {}
    const { port } = new URL(url)
    const admin = new Agent({ keepAlive: true })
    const states = () =>
      get(`${adminUrl}/upstreams`, admin).then(({ body }) => JSON.parse(body).map((u: { state: string }) => u.state))
    expect(await states()).toEqual(['up', 'up'])
    const idle = Array.from({ length: 120 }, () => connect(Number(port), '127.0.0.1').on('error', () => {}))
    const kept = new Agent({ keepAlive: true })
    const statuses = new Set<number>()
    // Many checks long.
    for (let i = 0; i < 100; i++) {
      const { status } = await get(url, kept).catch(() => ({ status: 0 }))
      statuses.add(status)
      expect(await states()).toEqual(['up', 'up'])
    }
    // A connection that is refused may be reset before its answer is read.
    expect([...statuses].filter((status) => ![0, 200, 503].includes(status))).toEqual([])
    for (const socket of idle) socket.destroy()
    await expect.poll(async () => (await get(url, kept).catch(() => ({ status: 0 }))).status).toBe(200)
    expect(await states()).toEqual(['up', 'up'])
    expect(lb.log.filter(({ state }) => state === 'down' || state === 'ejected')).toEqual([])
    for (const agent of [admin, kept]) agent.destroy()
  },
)

/** One GET on this agent's connections. */
async function get(url: string, agent: Agent): Promise<{ status: number; body: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; body: string }>()
  request(url, { agent }, (response) => {
    let body = ''
    response.setEncoding('utf8').on('data', (piece) => {
      body += piece
    })
    response.on('error', reject).on('end', () => resolve({ status: response.statusCode ?? 0, body }))
  })
    .on('error', reject)
    .end()
  return promise
}
