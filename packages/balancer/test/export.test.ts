import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { affinityToken } from '../src/affinity/token.ts'
import { type ExportOptions, haproxyConfig, nginxConfig, type PolicyName, policies } from '../src/index.ts'
import { secret } from './support/balancer.ts'
import { certificate } from './support/certificate.ts'
import { ask, askInTurn } from './support/client.ts'
import { testNodes } from './support/node.ts'
import { hasPeer, startPeer } from './support/peers.ts'

const base: ExportOptions = {
  upstreams: [
    { name: 'a', url: 'http://127.0.0.1:9201' },
    { name: 'b-1.x_y', url: 'http://[::1]:9202', weight: 1000 },
    { name: 'c', url: 'http://127.0.0.3', weight: 0 },
  ],
  listen: { port: 9400 },
}

const { cert, key } = certificate('balancer.test')
const cookie = { by: 'cookie', secret } as const
const both: Record<string, Partial<ExportOptions>> = {
  ...Object.fromEntries(Object.keys(policies).map((name) => [name, { policy: name as PolicyName }])),
  ...Object.fromEntries(
    (['path', 'header:x-key', 'cookie:k'] as const).map((on) => [
      `hash on ${on}`,
      { policy: 'consistent-hash', hash: { on } },
    ]),
  ),
  'affinity by cookie': { affinity: cookie },
  'affinity by another cookie': {
    affinity: { ...cookie, name: '__Secure-l.b', secure: true, partitioned: true, domain: 'x.example', maxAgeMs: 9e6 },
  },
  'affinity by route': { affinity: { by: 'route', cookie: 'SID' } },
  'no checks, no retries': { health: false, retries: 0, passive: { failures: 0 } },
  'trusted proxies': { affinity: cookie, trustProxy: ['10.0.0.0/8', '::1', '192.0.2.1'] },
  'everybody trusted': { affinity: cookie, trustProxy: ['*'] },
  'nodes over TLS': {
    upstreams: [{ name: 'a', url: 'https://127.0.0.1:9201' }],
    nodes: {
      ...{ host: { name: 'inner.example' }, maxHeaderBytes: 60_000 },
      tls: {
        caFile: 'FOLDER/pair.pem',
        certFile: 'FOLDER/pair.pem',
        keyFile: 'FOLDER/pair.pem.key',
        serverName: 'n.example',
      },
    },
  },
  'retries by status': { retry: { statuses: [502, 503, 504], methods: 'idempotent' } },
  'a token and a name': { token: 'a "b" %[src] \\ ; # c', via: 'lb' },
  'IPv6, workers, a log, a drain': { listen: { port: 9400, host: '::' }, workers: 2, accessLog: true, drainMs: 1500 },
}
const ofHaproxy: Record<string, Partial<ExportOptions>> = {
  'a queue, a slow start': { maxInFlight: 7, queueLimit: 0, queueTimeoutMs: 100, slowStartMs: 1500 },
  'a bounded hash': { policy: 'consistent-hash', hash: { loadFactor: 1 } },
  checks: {
    health: {
      ...{ path: '/ready?x="1"', intervalMs: 10, rise: 1, fall: 9, timeoutMs: 7, jitter: 0.5 },
      ...{ host: 'h', headers: { 'X-Odd': 'a %[src] "b" \\ $c' }, port: 81, status: '200, 300-399', body: 'a "b"' },
    },
  },
}

const programs = {
  haproxy: { write: haproxyConfig, check: (file: string) => ['-c', '-f', file] },
  nginx: { write: nginxConfig, check: (file: string) => ['-t', '-c', file] },
}

describe.each(['haproxy', 'nginx'] as const)('what is written for %s', (peer) => {
  const { write, check } = programs[peer]
  const sets = peer === 'haproxy' ? { ...both, ...ofHaproxy } : both

  test.skipIf(!hasPeer(peer) && process.env.REQUIRE_ALL === undefined).each(Object.keys(sets))(
    'is valid there: %s',
    (name) => {
      const folder = mkdtempSync(join(tmpdir(), 'balancer-export-'))
      for (const tls of [false, true]) {
        const [certFile, keyFile, file] = ['pair.pem', 'pair.pem.key', 'file'].map((part) => join(folder, part)) as [
          string,
          string,
          string,
        ]
        writeFileSync(certFile, cert)
        writeFileSync(keyFile, key)
        const options = { ...base, ...sets[name], folder, ...(tls && { tls: { certFile, keyFile } }) }
        writeFileSync(file, write(options).text.replaceAll('FOLDER', folder))
        // It says what is wrong on stderr, and ends with 1.
        execFileSync(peer, check(file), { stdio: ['ignore', 'ignore', 'pipe'] })
      }
      rmSync(folder, { recursive: true })
    },
  )

  test('holds the token of each node, which is a constant, and nothing of the secret', () => {
    const upstreams = [{ name: 'a', url: 'http://127.0.0.1:1' }]
    const { text } = write({ ...base, upstreams, affinity: cookie })
    expect(text).toContain(affinityToken(secret, 'a'))
    expect(text).not.toContain(secret)
  })

  test.each<[Partial<ExportOptions>, string]>([
    [{ panicThreshold: 0.5 }, 'panicThreshold'],
    [{ passive: { halfLifeMs: 1 } }, 'passive.halfLifeMs'],
    [{ affinity: { ...cookie, whenUnavailable: 'strict' } }, 'affinity.whenUnavailable'],
    [{ nodes: { host: 'upstream' } }, 'nodes.host'],
  ])('is nothing at all when asked for what it cannot do: %o', (options, option) => {
    expect(() => write({ ...base, ...options })).toThrow(
      expect.objectContaining({ unsupported: [{ option, why: expect.any(String) }] }),
    )
  })

  test('is nothing at all when an option is wrong here already', () => {
    expect(() => write({ ...base, retries: -1 })).toThrow(TypeError)
    expect(() => write({ ...base, affinity: { by: 'cookie', secret: 'short' } })).toThrow(/affinity secret/)
  })

  test('follows the route in the application’s cookie', async (context) => {
    if (!hasPeer(peer) && process.env.REQUIRE_ALL === undefined) context.skip(`this machine has no ${peer}`)
    await using nodes = await testNodes(3)
    await using lb = await startPeer(peer, {
      upstreams: nodes.map(({ upstream }) => upstream),
      ...{ health: false, affinity: { by: 'route' } },
    })
    for (const name of ['c', 'a', 'b']) {
      expect(await askInTurn(lb.url, 2, { headers: { cookie: `x=1; JSESSIONID=0a.1.${name}` } })).toEqual([name, name])
    }
    const answer = await ask(lb.url, { headers: { cookie: 'JSESSIONID=0a.gone' } })
    expect(answer).toMatchObject({ status: 200 })
    expect(answer.headers['set-cookie']).toBeUndefined()
  })
})

test('nginx is told of no node by name behind a cookie, and of nothing that holds a variable', () => {
  expect(() => nginxConfig({ ...base, affinity: cookie, upstreams: [{ name: 'a', url: 'http://a:1' }] })).toThrow(
    /give addresses/,
  )
  expect(() => nginxConfig({ ...base, token: 'a$b' })).toThrow(/takes what follows a \$ for a variable/)
})
