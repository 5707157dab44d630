import http from 'node:http'
import { expect, test } from 'vitest'
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
