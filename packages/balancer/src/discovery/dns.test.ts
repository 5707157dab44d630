import { expect, test } from 'vitest'
import { dnsServer } from '../../test/support/dns.ts'
import { dnsSource, inLowestTerms } from './dns.ts'

const shown = ({
  upstreams,
}: {
  upstreams: readonly { name: string; url: string | URL; weight?: number | undefined }[]
}) =>
  upstreams.map(({ name, url, weight }) => `${name}=${new URL(url).origin}${weight === undefined ? '' : `*${weight}`}`)

test('addresses of a name are upstreams named by them, in one order, good for the shortest TTL', async () => {
  await using server = await dnsServer()
  server.zones.set('web.test', { a: ['10.0.0.9', '10.0.0.10', '10.0.0.9'], ttl: 7 })
  const source = dnsSource('dns+a://web.test:8080', { servers: [server.address] })
  const found = await source.find()
  expect(shown(found)).toEqual(['10.0.0.10=http://10.0.0.10:8080', '10.0.0.9=http://10.0.0.9:8080'])
  expect(found.ttlMs).toBe(7000)
})

test('an answer is never one from a cache: a change is seen by the next look, whatever the TTL', async () => {
  await using server = await dnsServer()
  server.zones.set('web.test', { a: ['10.0.0.1'], ttl: 600 })
  const source = dnsSource('dns+a://web.test:8080?scheme=https', { servers: [server.address] })
  expect(shown(await source.find())).toEqual(['10.0.0.1=https://10.0.0.1:8080'])
  server.zones.set('web.test', { a: ['10.0.0.2'], ttl: 600 })
  expect(shown(await source.find())).toEqual(['10.0.0.2=https://10.0.0.2:8080'])
})

test("targets of a service are upstreams named by their first label, at their address's port", async () => {
  await using server = await dnsServer()
  server.zones.set('_http._tcp.web.test', {
    srv: [
      { target: 'web-0.web.test', port: 8080, weight: 50 },
      { target: 'web-1.web.test', port: 8081, weight: 100 },
    ],
    ttl: 30,
  })
  server.zones.set('web-0.web.test', { a: ['10.0.0.1'], ttl: 5 })
  server.zones.set('web-1.web.test', { a: ['10.0.0.2'], ttl: 9 })
  const source = dnsSource('dns+srv://_http._tcp.web.test', { servers: [server.address] })
  const found = await source.find()
  expect(shown(found)).toEqual(['web-0=http://10.0.0.1:8080*1', 'web-1=http://10.0.0.2:8081*2'])
  // Of SRV records Node tells no TTL: their targets' is taken.
  expect(found.ttlMs).toBe(5000)
})

test('several targets on one host are told apart by their ports', async () => {
  await using server = await dnsServer()
  const target = '0a000001.addr.consul'
  server.zones.set('web.service.consul', { srv: [8080, 8081].map((port) => ({ target, port })) })
  server.zones.set(target, { a: ['10.0.0.1'] })
  const source = dnsSource('dns+srv://web.service.consul', { servers: [server.address] })
  expect(shown(await source.find())).toEqual([
    '0a000001-8080=http://10.0.0.1:8080*1',
    '0a000001-8081=http://10.0.0.1:8081*1',
  ])
})

test('a target that cannot be resolved keeps its last address, and one that never could is left out', async () => {
  await using server = await dnsServer()
  server.zones.set('_http._tcp.web.test', {
    srv: ['web-0.test', 'web-1.test'].map((target) => ({ target, port: 80 })),
  })
  server.zones.set('web-0.test', { a: ['10.0.0.1'] })
  const source = dnsSource('dns+srv://_http._tcp.web.test', { servers: [server.address] })
  expect(shown(await source.find())).toEqual(['web-0=http://10.0.0.1*1'])
  server.zones.set('web-0.test', { fails: 2 })
  server.zones.set('web-1.test', { a: ['10.0.0.2'] })
  expect(shown(await source.find())).toEqual(['web-0=http://10.0.0.1*1', 'web-1=http://10.0.0.2*1'])
})

test('of several addresses of one target it keeps the one that it has', async () => {
  await using server = await dnsServer()
  server.zones.set('s.test', { srv: [{ target: 'web-0.test', port: 80 }] })
  server.zones.set('web-0.test', { a: ['10.0.0.3', '10.0.0.2'] })
  const source = dnsSource('dns+srv://s.test', { servers: [server.address] })
  expect(shown(await source.find())).toEqual(['web-0=http://10.0.0.2*1'])
  server.zones.set('web-0.test', { a: ['10.0.0.1', '10.0.0.2'] })
  expect(shown(await source.find())).toEqual(['web-0=http://10.0.0.2*1'])
})

test.each([2, 3, 'silent'] as const)(
  'a name server that fails (%s) is an error, not an empty answer',
  async (fails) => {
    await using server = await dnsServer()
    server.zones.set('web.test', { fails })
    const options = { servers: [server.address], timeoutMs: 50 }
    await expect(dnsSource('dns+a://web.test:80', options).find()).rejects.toThrow(/queryA E\w+ web\.test/)
  },
)

test.each([
  ['dns+aaaa://web:80', 'the scheme is neither'],
  ['dns+a://', 'there is no host name'],
  ['dns+a://we b:80', 'scheme is neither'],
  ['dns+a://web:80/path', 'only ?scheme=https may follow'],
  ['dns+a://user@web:80', 'only ?scheme=https may follow'],
  ['dns+a://web:80?ttl=3', 'only ?scheme=http or ?scheme=https may follow'],
  ['dns+a://web:80?scheme=ftp', 'only ?scheme=http or ?scheme=https may follow'],
  ['dns+srv://_http._tcp.web:8080', 'the port comes with the records'],
  ['dns+a://[::1]:80', 'there is no host name'],
])('%s is refused: %s', (text, why) => {
  expect(() => dnsSource(text)).toThrow(why)
})

test.each([
  [
    [33, 33, 33],
    [1, 1, 1],
  ],
  [
    [0, 0],
    [1, 1],
  ],
  [
    [0, 10],
    [1, 10],
  ],
  [
    [50, 100],
    [1, 2],
  ],
  [
    [65_535, 1],
    [1000, 1],
  ],
  [[], []],
])('weights %j of records are %j of upstreams', (records, upstreams) => {
  expect(inLowestTerms(records)).toEqual(upstreams)
})
