import { describe, expect, test } from 'vitest'
import { type AccessEntry, controlOf } from '../src/index.ts'
import { engineNames, secret, testBalancer } from './support/balancer.ts'
import { affinityCookie, ask } from './support/client.ts'
import { rawNode, type TestNode, testNodes } from './support/node.ts'

/** Has the node answer so, and remember nothing of it but how often. */
function answers(node: TestNode | undefined, status: number): { count: number } {
  const asked = { count: 0 }
  if (!node) return asked
  node.handler = (_, res) => {
    asked.count++
    res.writeHead(status, { 'X-From': node.name, 'Retry-After': '7' }).end(`${node.name} says ${status}`)
  }
  return asked
}

describe.each(engineNames)('retry over statuses, by %s', (engine) => {
  test.each([502, 503, 504] as const)('a %i is passed over for the answer of another node', async (status) => {
    await using nodes = await testNodes(2)
    const first = answers(nodes[0], status)
    const log: AccessEntry[] = []
    await using lb = await testBalancer({
      accessLog: (entry) => log.push(entry),
      engine,
      nodes,
      retry: { statuses: [status] },
      affinity: { secret },
      passive: { failures: 1 },
    })
    const answer = await ask(lb.url)
    expect(answer).toMatchObject({ status: 200, body: 'b' })
    expect(affinityCookie(answer)).toBeDefined()
    expect(answer.headers['x-from']).toBeUndefined()
    expect(first.count).toBe(1)
    expect(lb.decisions.map(({ steps: [first] }) => first)).toEqual([
      { key: 'affinity.none' },
      { key: 'met.status', upstream: 'a', status },
    ])
    // It said so itself, which is no reason to eject it.
    expect(await lb.stateOf('a')).toBe('up')
    expect(lb.balancer.pool.get('a')?.stats).toMatchObject({
      ...{ status5xx: 1, redispatches: 1, passedOver: 1, responseErrors: 0 },
    })
    expect(await controlOf(lb.balancer).metrics()).toContain(
      'balancer_upstream_answers_passed_over_total{upstream="a"} 1\n',
    )
    expect(log).toMatchObject([{ status: 200, upstream: 'b', attempts: 2, tried: [`a ${status}`] }])
  })

  test('when all say so, the last one’s answer passes as it is', async () => {
    await using nodes = await testNodes(2)
    const asked = nodes.map((node) => answers(node, 503))
    await using lb = await testBalancer({ engine, nodes, retry: { statuses: [503] } })
    expect(await ask(lb.url)).toMatchObject({
      status: 503,
      body: 'b says 503',
      headers: { 'x-from': 'b', 'retry-after': '7' },
    })
    expect(asked.map(({ count }) => count)).toEqual([1, 1])
  })

  test.each<[string, Parameters<typeof ask>[1], object]>([
    ['no status was named', {}, {}],
    ['another status was named', {}, { retry: { statuses: [502, 504] as const } }],
    ['it is a POST', { method: 'POST' }, { retry: { statuses: [503] as const, methods: 'idempotent' as const } }],
    [
      'it has a body',
      { method: 'PUT', body: 'x', headers: { 'content-length': '1' } },
      { retry: { statuses: [503] as const, methods: 'idempotent' as const } },
    ],
    [
      'it is a DELETE, and safe ones alone are sent twice',
      { method: 'DELETE' },
      { retry: { statuses: [503] as const } },
    ],
    ['there are to be no retries', {}, { retry: { statuses: [503] as const }, retries: 0 }],
  ])('a 503 passes as it is when %s', async (_, request, options) => {
    await using nodes = await testNodes(2)
    const asked = nodes.map((node) => answers(node, 503))
    await using lb = await testBalancer({ engine, nodes, ...options })
    expect(await ask(lb.url, request)).toMatchObject({ status: 503, body: 'a says 503' })
    expect(asked.map(({ count }) => count)).toEqual([1, 0])
  })

  test('strict affinity looks no further: the answer of the pinned node passes', async () => {
    await using nodes = await testNodes(2)
    await using lb = await testBalancer({
      engine,
      nodes,
      retry: { statuses: [503] },
      affinity: { secret, whenUnavailable: 'strict' },
    })
    const cookie = affinityCookie(await ask(lb.url)) ?? ''
    answers(nodes[0], 503)
    expect(await ask(lb.url, { headers: { cookie } })).toMatchObject({ status: 503, body: 'a says 503' })
  })

  test.each([
    ['safe', 502, 1],
    ['idempotent', 200, 2],
  ] as const)(
    'with %s methods a DELETE over which a node died ends with %i, asked %i times',
    async (methods, status, times) => {
      let asked = 0
      await using dying = await rawNode('dying', (socket, text) => {
        if (!text.includes('\r\n\r\n')) return
        asked++
        socket.destroy()
      })
      await using nodes = await testNodes(1)
      await using lb = await testBalancer({ engine, nodes: [dying, ...nodes], retry: { methods } })
      expect((await ask(lb.url, { method: 'DELETE' })).status).toBe(status)
      expect(asked + (nodes[0]?.seen.length ?? 0)).toBe(times)
    },
  )
})

test.each([{ methods: 'all' }, { statuses: [500] }, { statuses: 503 }, { status: [503] }])(
  'retry %o is refused',
  async (retry) => {
    await expect(testBalancer({ nodes: [], retry: retry as object })).rejects.toThrow(/^createBalancer: .*retry\./)
  },
)
