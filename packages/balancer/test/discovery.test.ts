import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '@session-cluster/cluster/free-port'
import { expect, test } from 'vitest'
import {
  type BalancerOptions,
  controlOf,
  createBalancer,
  Discovery,
  type DiscoverySource,
  dnsSource,
  fileSource,
} from '../src/index.ts'
import { secret } from './support/balancer.ts'
import { affinityCookie, ask, askInTurn } from './support/client.ts'
import { dnsServer } from './support/dns.ts'

/** Nodes as a scheduler starts them: one port, an address each, all of them on loopback. */
async function nodesOn(port: number, addresses: readonly string[]): Promise<AsyncDisposable> {
  const servers = await Promise.all(
    addresses.map(async (address) => {
      const { promise, resolve, reject } = Promise.withResolvers<Server>()
      const server = createServer((_, res) => res.end(address))
      server.once('error', reject).listen(port, address, () => resolve(server))
      return promise
    }),
  )
  return {
    async [Symbol.asyncDispose]() {
      for (const server of servers) server.close().closeAllConnections()
    },
  }
}

async function discovering(source: DiscoverySource, options: Partial<BalancerOptions> = {}, drainMs = 60_000) {
  const balancer = createBalancer({ upstreams: [], health: { intervalMs: 20 }, affinity: { secret }, ...options })
  const discovery = new Discovery({ source, control: controlOf(balancer), minMs: 20, maxMs: 20, drainMs })
  await discovery.start()
  const url = await balancer.listen({ port: 0 })
  return {
    ...{ balancer, url, discovery },
    states: () => balancer.pool.all.map(({ name, state }) => `${name} ${state}`),
    async [Symbol.asyncDispose]() {
      discovery.close()
      await balancer[Symbol.asyncDispose]()
    },
  }
}

test('a service by DNS grows and shrinks: new clients go to the new node, old ones keep theirs while it drains', async () => {
  const port = await freePort()
  await using _ = await nodesOn(port, ['127.0.0.1', '127.0.0.2', '127.0.0.3'])
  await using dns = await dnsServer()
  dns.zones.set('server.test', { a: ['127.0.0.1', '127.0.0.2'], ttl: 600 })
  await using lb = await discovering(dnsSource(`dns+a://server.test:${port}`, { servers: [dns.address] }))
  expect(await askInTurn(lb.url, 3)).toEqual(['127.0.0.1', '127.0.0.2', '127.0.0.1'])
  const cookie = affinityCookie(await ask(lb.url)) ?? ''
  expect((await ask(lb.url, { headers: { cookie } })).body).toBe('127.0.0.2')

  dns.zones.set('server.test', { a: ['127.0.0.3', '127.0.0.1'] })
  await expect.poll(lb.states).toEqual(['127.0.0.1 up', '127.0.0.2 draining', '127.0.0.3 up'])
  expect(new Set(await askInTurn(lb.url, 4))).toEqual(new Set(['127.0.0.1', '127.0.0.3']))
  const pinned = await ask(lb.url, { headers: { cookie } })
  expect(pinned.body).toBe('127.0.0.2')
  expect(pinned.headers['set-cookie']).toBeUndefined()

  dns.zones.set('server.test', { fails: 2 })
  const { length } = dns.asked
  await expect.poll(() => dns.asked.length).toBeGreaterThan(length + 2)
  expect(new Set(await askInTurn(lb.url, 4))).toEqual(new Set(['127.0.0.1', '127.0.0.3']))
})

test("a StatefulSet's pod that comes back at another address is found again by the cookies of its clients", async () => {
  const port = await freePort()
  await using _ = await nodesOn(port, ['127.0.0.1', '127.0.0.2', '127.0.0.3'])
  await using dns = await dnsServer()
  dns.zones.set('_http._tcp.web.test', {
    srv: ['web-0.web.test', 'web-1.web.test'].map((target) => ({ target, port })),
  })
  dns.zones.set('web-0.web.test', { a: ['127.0.0.1'] })
  dns.zones.set('web-1.web.test', { a: ['127.0.0.2'] })
  await using lb = await discovering(dnsSource('dns+srv://_http._tcp.web.test', { servers: [dns.address] }))
  await ask(lb.url)
  const cookie = affinityCookie(await ask(lb.url)) ?? ''
  expect((await ask(lb.url, { headers: { cookie } })).body).toBe('127.0.0.2')
  dns.zones.set('web-1.web.test', { a: ['127.0.0.3'] })
  await expect.poll(async () => (await ask(lb.url, { headers: { cookie } })).body).toBe('127.0.0.3')
  expect((await ask(lb.url, { headers: { cookie } })).headers['set-cookie']).toBeUndefined()
})

test('a file is followed, in place or replaced; one that makes no sense changes nothing', async () => {
  const port = await freePort()
  await using _ = await nodesOn(port, ['127.0.0.1', '127.0.0.2'])
  const folder = mkdtempSync(join(tmpdir(), 'balancer-file-'))
  const file = join(folder, 'upstreams')
  writeFileSync(file, `# all of them\na=http://127.0.0.1:${port} # the first\n`)
  await using lb = await discovering(fileSource(file), {}, 0)
  expect(await askInTurn(lb.url, 2)).toEqual(['127.0.0.1', '127.0.0.1'])
  writeFileSync(`${file}.new`, `a=http://127.0.0.1:${port}, b=http://127.0.0.2:${port}*3\n`)
  renameSync(`${file}.new`, file)
  await expect.poll(lb.states).toEqual(['a up', 'b up'])
  expect(lb.balancer.pool.get('b')?.weight).toBe(3)
  for (const nonsense of ['', 'a=http://127.0.0.1:x\n', `a=http://127.0.0.1:${port}\nb=http`]) {
    writeFileSync(file, nonsense)
    const { failures } = lb.discovery.status
    await expect.poll(() => lb.discovery.status.failures).toBeGreaterThan(failures)
    expect(new Set(await askInTurn(lb.url, 4))).toEqual(new Set(['127.0.0.1', '127.0.0.2']))
  }
  rmSync(file)
  expect(new Set(await askInTurn(lb.url, 4))).toEqual(new Set(['127.0.0.1', '127.0.0.2']))
  writeFileSync(file, `b=http://127.0.0.2:${port}\n`)
  await expect.poll(lb.states).toEqual(['b up'])
  rmSync(folder, { recursive: true })
})
