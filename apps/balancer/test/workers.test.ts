import { writeFileSync } from 'node:fs'
import http from 'node:http'
import { describe, expect, test } from 'vitest'
import { CertificateFiles, servedName } from './certificate.ts'
import { BalancerProcess, startNodes } from './process.ts'

const upstreams = (nodes: readonly { entry: string }[]) => nodes.map((node) => node.entry).join()

/** A request on a connection of its own, so that it may meet any worker. */
function ask(
  url: string,
  headers: http.OutgoingHttpHeaders = {},
): Promise<{ status: number; body: string; id: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; body: string; id: string }>()
  const request = http.get(url, { agent: false, headers }, (response) => {
    let body = ''
    response.on('data', (chunk) => {
      body += chunk
    })
    const id = String(response.headers['x-request-id']).replace(/-[0-9a-z]+$/, '')
    response.on('end', () => resolve({ status: response.statusCode ?? 0, body, id }))
  })
  request.on('error', reject)
  return promise
}

test('workers share the port, and one admin call reaches all', async () => {
  await using nodes = await startNodes(['a', 'b', 'c'])
  const secret = 'a secret of the tests only'
  const env = { UPSTREAMS: upstreams(nodes.slice(0, 2)), WORKERS: '2', MODE: 'sticky', AFFINITY_SECRET: secret }
  await using lb = new BalancerProcess(env)
  await expect.poll(() => lb.ready).toBeDefined()
  const { url = '', adminUrl = '' } = lb.ready ?? {}
  const answers = await Promise.all(Array.from({ length: 40 }, () => ask(url)))
  expect(new Set(answers.map((answer) => answer.id)).size).toBe(2)
  const list = async () => (await (await fetch(`${adminUrl}/upstreams`)).json()) as Record<string, unknown>[]
  const sum = (await list()).reduce((total, upstream) => total + Number(upstream.requests), 0)
  expect(sum).toBe(40)

  await fetch(`${adminUrl}/upstreams/a`, { method: 'PATCH', body: '{"state":"drain"}' })
  const drained = await Promise.all(Array.from({ length: 20 }, () => ask(url)))
  expect(new Set(drained.map((answer) => answer.body))).toEqual(new Set(['b']))

  const [name, address] = nodes[2]?.entry.split('=') ?? []
  await fetch(`${adminUrl}/upstreams`, { method: 'POST', body: JSON.stringify({ name, url: address }) })
  expect((await fetch(`${adminUrl}/upstreams/b`, { method: 'DELETE' })).status).toBe(204)
  const after = await Promise.all(Array.from({ length: 20 }, () => ask(url)))
  expect(new Set(after.map((answer) => answer.body))).toEqual(new Set(['c']))
  expect((await list()).map((upstream) => `${upstream.name} ${upstream.state}`)).toEqual(['a draining', 'c up'])
  expect(await (await fetch(`${adminUrl}/metrics`)).text()).toContain('balancer_requests_total{termination="ok"} 80')
})

test('SIGUSR2 replaces the workers without one refused request; SIGTERM ends all', async () => {
  await using nodes = await startNodes(['a', 'b'])
  await using lb = new BalancerProcess({ UPSTREAMS: upstreams(nodes), WORKERS: '2' })
  await expect.poll(() => lb.ready).toBeDefined()
  const { url = '' } = lb.ready ?? {}
  const answers: { status: number; id: string }[] = []
  let running = true
  const user = async (): Promise<void> => {
    while (running) answers.push(await ask(url))
  }
  const users = [user(), user(), user()]
  await expect.poll(() => answers.length).toBeGreaterThan(10)
  const before = new Set(answers.map((answer) => answer.id))
  lb.child.kill('SIGUSR2')
  await expect.poll(() => lb.log.some((line) => line.msg === 'restart of the workers: done')).toBe(true)
  const seen = answers.length
  await expect.poll(() => answers.length).toBeGreaterThan(seen + 20)
  running = false
  await Promise.all(users)
  expect(answers.filter((answer) => answer.status !== 200)).toEqual([])
  for (const { id } of answers.slice(seen + 3)) expect(before).not.toContain(id)
  lb.child.kill('SIGTERM')
  expect(await lb.exited).toBe(0)
})

type Row = Record<string, unknown>

/** What an operator does. */
class Admin {
  readonly #url: string

  constructor(url: string) {
    this.#url = url
  }

  async list(): Promise<Row[]> {
    return (await (await fetch(`${this.#url}/upstreams`)).json()) as Row[]
  }

  async row(name: string): Promise<Row> {
    return (await this.list()).find((row) => row.name === name) ?? {}
  }

  /** A sample of the metrics by its name and labels, as written. */
  async sample(named: string): Promise<number> {
    const text = await (await fetch(`${this.#url}/metrics`)).text()
    const line = text.split('\n').find((other) => other.startsWith(`${named} `))
    return Number(line?.slice(named.length + 1) ?? Number.NaN)
  }

  send(method: string, path: string, body?: object): Promise<Response> {
    return fetch(this.#url + path, { method, ...(body && { body: JSON.stringify(body) }) })
  }

  /** Events from now on. */
  async events(): Promise<{ name: string; data: Row }[]> {
    const told: { name: string; data: Row }[] = []
    const { promise, resolve } = Promise.withResolvers<void>()
    let text = ''
    http.get(`${this.#url}/events`, (response) => {
      response.on('error', () => {})
      response.on('data', (chunk) => {
        resolve()
        text += chunk
        const events = text.split('\n\n')
        text = events.pop() ?? ''
        for (const event of events) {
          const [, name, data] = /^event: (\w+)\ndata: (.+)$/.exec(event) ?? []
          if (name && data) told.push({ name, data: JSON.parse(data) })
        }
      })
    })
    await promise
    return told
  }
}

interface Started extends AsyncDisposable {
  readonly lb: BalancerProcess
  readonly url: string
  readonly admin: Admin
}

/** Two workers that listen. */
async function started(env: Record<string, string>): Promise<Started> {
  const lb = new BalancerProcess({ WORKERS: '2', ...env })
  await expect.poll(() => lb.ready).toBeDefined()
  const { url = '', adminUrl = '' } = lb.ready ?? {}
  return { lb, url, admin: new Admin(adminUrl), [Symbol.asyncDispose]: () => lb[Symbol.asyncDispose]() }
}

/** Requests, each on a connection of its own, until every worker has answered some. */
async function askBoth(url: string, count: number): Promise<{ status: number; body: string; id: string }[]> {
  const answers = await Promise.all(Array.from({ length: count }, () => ask(url)))
  expect(new Set(answers.map(({ id }) => id)).size).toBe(2)
  return answers
}

const named = (upstream: string, more = '') => `{upstream="${upstream}"${more}}`

describe('what several workers count', () => {
  test('is one sum: counters, gauges, the queue and the histogram', async () => {
    await using nodes = await startNodes(['a'])
    await using running = await started({ UPSTREAMS: upstreams(nodes), MAX_IN_FLIGHT: '1', QUEUE_TIMEOUT_MS: '60000' })
    const { url, admin } = running
    for (let i = 0; i < 5; i++) await Promise.all([ask(url), ask(url)])
    const held = Array.from({ length: 6 }, () => ask(`${url}/slow`))
    // One in flight for each worker, since MAX_IN_FLIGHT is a worker's own; the others wait.
    await expect.poll(() => admin.row('a')).toMatchObject({ inFlight: 2, queued: 4, requests: 12 })
    expect(await admin.sample(`balancer_upstream_in_flight${named('a')}`)).toBe(2)
    expect(await admin.sample('balancer_active')).toBe(6)
    expect(await admin.sample('balancer_queued')).toBe(4)
    expect(await admin.sample('balancer_workers')).toBe(2)
    let answered = 0
    for (const one of held) void one.then(() => answered++)
    const release = (): number => {
      nodes[0]?.held.splice(0).forEach((answer) => {
        answer()
      })
      return answered
    }
    await expect.poll(release).toBe(6)
    await expect.poll(() => admin.row('a')).toMatchObject({ inFlight: 0, queued: 0, requests: 16, status2xx: 16 })
    expect(await admin.sample('balancer_requests_total{termination="ok"}')).toBe(16)
    const latency = 'balancer_upstream_latency_seconds'
    expect(await admin.sample(`${latency}_count${named('a')}`)).toBe(16)
    expect(await admin.sample(`${latency}_bucket${named('a', ',le="+Inf"')}`)).toBe(16)
    expect(await admin.sample(`${latency}_bucket${named('a', ',le="60"')}`)).toBe(16)
    expect(await admin.sample(`${latency}_sum${named('a')}`)).toBeGreaterThan(0)
  })

  test('does not fall when workers are replaced, and the successors know the pool', async () => {
    await using nodes = await startNodes(['a', 'b', 'c'])
    await using running = await started({ UPSTREAMS: upstreams(nodes.slice(0, 2)) })
    const { lb, url, admin } = running
    await askBoth(url, 20)
    const [name, address] = nodes[2]?.entry.split('=') ?? []
    expect((await admin.send('POST', '/upstreams', { name, url: address, weight: 7 })).status).toBe(201)
    expect((await admin.send('PATCH', '/upstreams/a', { state: 'drain' })).status).toBe(200)
    expect((await admin.send('PATCH', '/upstreams/b', { weight: 0 })).status).toBe(200)
    const counts = async () => ({
      requests: (await admin.list()).reduce((sum, row) => sum + Number(row.requests), 0),
      ok: await admin.sample('balancer_requests_total{termination="ok"}'),
      latencies: await admin.sample(`balancer_upstream_latency_seconds_count${named('a')}`),
    })
    const before = await counts()
    expect(before).toEqual({ requests: 20, ok: 20, latencies: expect.any(Number) })
    expect(before.latencies).toBeGreaterThan(0)

    const [victim = 0] = lb.workers
    process.kill(victim, 'SIGKILL')
    await expect.poll(() => lb.log.some((line) => line.msg === 'a worker was lost and is replaced')).toBe(true)
    await expect.poll(() => admin.sample('balancer_workers')).toBe(2)
    expect(lb.workers).not.toContain(victim)
    expect(await counts()).toEqual(before)
    expect(await admin.sample('balancer_workers_lost_total')).toBe(1)
    expect(new Set((await askBoth(url, 20)).map(({ body }) => body))).toEqual(new Set(['c']))

    lb.child.kill('SIGUSR2')
    await expect.poll(() => lb.log.some((line) => line.msg === 'restart of the workers: done')).toBe(true)
    expect(await counts()).toEqual({ ...before, requests: 40, ok: 40 })
    expect(new Set((await askBoth(url, 20)).map(({ body }) => body))).toEqual(new Set(['c']))
    const states = (await admin.list()).map((row) => `${row.name} ${row.state} ${row.weight}`)
    expect(states).toEqual(['a draining 1', 'b up 0', 'c up 7'])
    expect(await counts()).toMatchObject({ requests: 60, ok: 60 })
    expect(await admin.sample('balancer_workers_lost_total')).toBe(1)
  })

  test('a worker that is frozen holds nobody up: its last counts stand, and it hears of changes when it goes on', async () => {
    await using nodes = await startNodes(['a', 'b'])
    await using running = await started({ UPSTREAMS: upstreams(nodes) })
    const { lb, url, admin } = running
    await askBoth(url, 20)
    const { requests } = await admin.row('a')
    const [victim = 0] = lb.workers
    process.kill(victim, 'SIGSTOP')
    try {
      expect(await admin.row('a')).toMatchObject({ requests })
      const answer = await admin.send('PATCH', '/upstreams/a', { state: 'drain' })
      expect(answer.status).toBe(504)
      expect(await answer.json()).toMatchObject({
        code: 'BALANCER_WORKER_SILENT',
        detail: expect.stringContaining(`${victim}`),
      })
    } finally {
      process.kill(victim, 'SIGCONT')
    }
    expect(new Set((await askBoth(url, 20)).map(({ body }) => body))).toEqual(new Set(['b']))
  })
})

test('a worker that stays frozen is replaced, so that nobody waits for it for ever', async () => {
  await using nodes = await startNodes(['a'])
  // Its replacement, too, must say its first word in that time.
  await using running = await started({ UPSTREAMS: upstreams(nodes), WORKER_SILENCE_MS: '8000' })
  const { lb, url, admin } = running
  await askBoth(url, 20)
  const [victim = 0] = lb.workers
  process.kill(victim, 'SIGSTOP')
  // One is handed to the frozen worker, and ends with it; the others go elsewhere.
  const outcomes = await Promise.all(Array.from({ length: 20 }, () => ask(url).then(({ status }) => status, String)))
  expect(outcomes.filter((outcome) => outcome === 200)).toHaveLength(19)
  await expect
    .poll(() => lb.log.map(({ detail }) => detail))
    .toContain(`worker ${victim} said nothing any more and was killed`)
  await expect.poll(() => admin.sample('balancer_workers')).toBe(2)
  expect(lb.workers).not.toContain(victim)
  await askBoth(url, 20)
})

test('events come from all workers, and a change of an upstream is told once', async () => {
  await using nodes = await startNodes(['a', 'b'])
  const env = { UPSTREAMS: upstreams(nodes), PASSIVE_FAILURES: '1', PANIC_THRESHOLD: '0', PASSIVE_EJECT_MS: '60000' }
  await using running = await started({ ...env, HEALTH_INTERVAL_MS: '60000' })
  const { lb, url, admin } = running
  const told = await admin.events()
  const ids = (name: string) =>
    new Set(
      told.flatMap((event) => (event.name === name ? String(event.data.requestId).replace(/-[0-9a-z]+$/, '') : [])),
    )
  await askBoth(url, 20)
  await expect.poll(() => told.filter(({ name }) => name === 'done').length).toBe(20)
  expect(ids('done').size).toBe(2)
  expect(ids('decision').size).toBe(2)

  const changes = () => told.flatMap(({ name, data }) => (name === 'upstream' ? [`${data.name} ${data.state}`] : []))
  await admin.send('PATCH', '/upstreams/b', { state: 'drain' })
  await admin.send('PATCH', '/upstreams/b', { state: 'ready' })
  await admin.send('POST', '/upstreams', { name: 'd', url: 'http://127.0.0.1:1', weight: 0 })
  await admin.send('DELETE', '/upstreams/d')
  await expect.poll(changes).toContain('d removed')
  expect(changes().filter((change) => change.startsWith('b'))).toEqual(['b draining', 'b up'])
  expect(changes().filter((change) => /added|removed/.test(change))).toEqual(['d added', 'd removed'])

  await nodes[0]?.[Symbol.asyncDispose]()
  await askBoth(url, 20)
  const ejections = () => told.filter(({ name, data }) => name === 'upstream' && data.state === 'ejected')
  await expect.poll(() => ejections().length).toBe(2)
  const workers = ejections().map(({ data }) => Number(/\(worker (\d+)\)$/.exec(String(data.reason))?.[1]))
  expect(workers.toSorted()).toEqual(lb.workers.toSorted())
  expect(await admin.row('a')).toMatchObject({
    state: 'ejected',
    ejections: 2,
    lastReason: expect.stringContaining('fail'),
  })
  expect(lb.log.filter((line) => line.state === 'ejected')).toHaveLength(2)
})

test('SIGHUP with a broken certificate is said to have failed, every worker keeps the old one; lost workers come back when it is whole', async () => {
  using files = new CertificateFiles('one')
  await using nodes = await startNodes(['a'])
  await using running = await started({ UPSTREAMS: upstreams(nodes), TLS_CERT: files.cert, TLS_KEY: files.key })
  const { lb, url, admin } = running
  const name = () => servedName(url)
  const seen = async () => [...new Set(await Promise.all(Array.from({ length: 8 }, name)))]
  const said = (text: string) => lb.log.filter((line) => line.msg === text).length
  writeFileSync(files.cert, 'no certificate')
  lb.child.kill('SIGHUP')
  await expect.poll(() => said('reload of the certificate: failed')).toBe(1)
  expect(said('reload of the certificate: done')).toBe(0)
  expect(await seen()).toEqual(['one'])

  const [victim = 0] = lb.workers
  process.kill(victim, 'SIGKILL')
  await expect.poll(() => said('a worker was lost and is replaced')).toBeGreaterThan(3)
  expect(await seen()).toEqual(['one'])
  files.make('two')
  await expect.poll(() => admin.sample('balancer_workers')).toBe(2)
  lb.child.kill('SIGHUP')
  await expect.poll(() => said('reload of the certificate: done')).toBe(1)
  expect(await seen()).toEqual(['two'])
})

describe('admin calls that overtake each other', () => {
  /** Two workers with node a, and node b whose first check is held until `release`. */
  async function adding() {
    const nodes = await startNodes(['a', 'b'])
    const checks: (() => void)[] = []
    const [, b] = nodes
    if (b) b.onCheck = (res) => checks.push(() => res.end())
    const running = await started({ UPSTREAMS: upstreams(nodes.slice(0, 1)), HEALTH_TIMEOUT_MS: '60000' })
    const [name, url] = b?.entry.split('=') ?? []
    const added = running.admin.send('POST', '/upstreams', { name, url })
    await expect.poll(() => checks.length).toBe(1)
    const release = () => {
      if (b) b.onCheck = (res) => res.end()
      for (const check of checks) check()
    }
    const dispose = async () => {
      await running[Symbol.asyncDispose]()
      await nodes[Symbol.asyncDispose]()
    }
    return { ...running, added, release, [Symbol.asyncDispose]: dispose }
  }

  const bodies = async (url: string) => new Set((await askBoth(url, 20)).map(({ body }) => body))

  test('a node that is removed while it is being added comes to no worker', async () => {
    await using running = await adding()
    const { url, admin, added, release } = running
    expect((await admin.send('DELETE', '/upstreams/b')).status).toBe(204)
    release()
    expect(await (await added).json()).toMatchObject({ status: 409, code: 'BALANCER_UPSTREAM_REMOVED' })
    expect(await bodies(url)).toEqual(new Set(['a']))
    expect((await admin.list()).map((row) => row.name)).toEqual(['a'])
  })

  test('what is changed of a node while it is being added holds on every worker', async () => {
    await using running = await adding()
    const { url, admin, added, release } = running
    expect(await bodies(url)).toEqual(new Set(['a']))
    expect((await admin.send('PATCH', '/upstreams/b', { state: 'drain', weight: 7 })).status).toBe(200)
    release()
    expect(await (await added).json()).toMatchObject({ state: 'draining', weight: 7 })
    expect(await bodies(url)).toEqual(new Set(['a']))
    expect((await admin.send('PATCH', '/upstreams/b', { state: 'ready' })).status).toBe(200)
    expect(await bodies(url)).toEqual(new Set(['a', 'b']))
  })

  test('many at once leave all workers with the same pool', async () => {
    await using nodes = await startNodes(['a', 'b', 'c', 'd'])
    await using running = await started({ UPSTREAMS: upstreams(nodes.slice(0, 1)) })
    const { url, admin } = running
    const others = nodes.slice(1).map(({ entry }) => entry.split('='))
    for (let round = 0; round < 5; round++) {
      const adds = others.map(([name, address]) => admin.send('POST', '/upstreams', { name, url: address }))
      const changes = others.map(([name]) => admin.send('PATCH', `/upstreams/${name}`, { weight: round + 1 }))
      const removals = ['b', 'c', 'b'].map((name) => admin.send('DELETE', `/upstreams/${name}`))
      for (const answer of await Promise.all([...adds, ...changes, ...removals])) {
        expect([200, 201, 204, 404, 409]).toContain(answer.status)
      }
      const left = (await admin.list()).map((row) => String(row.name))
      expect(await bodies(url)).toEqual(new Set(left))
      await Promise.all(left.filter((name) => name !== 'a').map((name) => admin.send('DELETE', `/upstreams/${name}`)))
    }
  })
})

test('a draining node that was down for a while has its pinned clients back, on every worker', async () => {
  await using nodes = await startNodes(['a', 'b'])
  await using running = await started({ UPSTREAMS: upstreams(nodes), MODE: 'sticky' })
  const { url, admin } = running
  let cookie = ''
  while (cookie === '') {
    const answer = await fetch(url)
    if ((await answer.text()) === 'a') cookie = answer.headers.get('set-cookie')?.split(';')[0] ?? ''
  }
  const [a] = nodes
  const pinned = async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => ask(url, { cookie })))
    return [...new Set(answers.map(({ body }) => body))]
  }
  await admin.send('PATCH', '/upstreams/a', { state: 'drain' })
  expect(await pinned()).toEqual(['a'])
  if (a) a.onCheck = (res) => res.writeHead(503).end()
  await expect.poll(pinned).toEqual(['b'])
  if (a) a.onCheck = (res) => res.end()
  await expect.poll(async () => (await admin.row('a')).state).toBe('draining')
  await expect.poll(pinned, { timeout: 5000 }).toEqual(['a'])
})
