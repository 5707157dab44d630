import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findRedisServer, freePort, type OwnRedis, startRedis } from '@session-cluster/cluster'
import { Redis } from 'ioredis'
import { describe, expect, it } from 'vitest'
import { type TestNode, testNode } from './test-node.ts'

const PATIENT = { SESSION_STORE_TIMEOUT_MS: '10000', REDIS_START_TIMEOUT_MS: '30000' }

/** A Cluster of one member that owns every slot: the client has to follow its map all the same. */
async function clusterOfOne(): Promise<OwnRedis> {
  // A bus port of its own: by default it lies 10,000 above the port, where the system's own may be.
  const bus = ['--cluster-port', `${await freePort()}`]
  const redis = await startRedis({ args: ['--cluster-enabled', 'yes', '--cluster-announce-ip', '127.0.0.1', ...bus] })
  const client = new Redis(redis.url)
  await client.call('CLUSTER', 'ADDSLOTSRANGE', '0', '16383')
  await expect.poll(() => client.call('CLUSTER', 'INFO'), { timeout: 20_000 }).toContain('cluster_state:ok')
  client.disconnect()
  return redis
}

/** One sentinel that watches one primary, and may ask for a password. */
async function sentinelOf(primary: OwnRedis, more = '') {
  const directory = await mkdtemp(join(tmpdir(), 'sentinel-'))
  const port = await freePort()
  const file = join(directory, 'sentinel.conf')
  await writeFile(
    file,
    `port ${port}\nbind 127.0.0.1\ndir ${directory}\nsentinel monitor main 127.0.0.1 ${primary.port} 1\n${more}`,
  )
  const child = spawn(await findRedisServer(), [file, '--sentinel'], { stdio: 'ignore' })
  return {
    port,
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
      await rm(directory, { recursive: true })
    },
  }
}

async function keepsSessions(node: TestNode, line: RegExp): Promise<void> {
  const client = node.client()
  await client.get('/set?q=password')
  await client.post('/login?user=alice')
  expect((await client.get('/get')).body).toBe('password')
  expect((await client.get('/whoami')).json().session.redisCli).toMatch(line)
  const listed = await node.admin.inject({ url: '/sessions', headers: { host: 'localhost' } })
  expect(listed.json().sessions).toHaveLength(1)
}

it('keeps sessions in a Redis Cluster', async () => {
  await using redis = await clusterOfOne()
  const REDIS_URL = redis.url.replace('redis://', 'redis+cluster://')
  await using node = await testNode({ MODE: 'clustered', REDIS_URL, ...PATIENT })
  await keepsSessions(node, /^redis-cli -c -h 127\.0\.0\.1 -p \d+ HGETALL /)
}, 60_000)

it('keeps sessions in the primary that Sentinel names', async () => {
  await using primary = await startRedis()
  await using sentinel = await sentinelOf(primary)
  const REDIS_URL = `redis+sentinel://127.0.0.1:${sentinel.port}/main`
  let node: TestNode | undefined
  // A sentinel that has only just started may not answer yet.
  await expect
    .poll(
      async () => {
        node = await testNode({ MODE: 'clustered', REDIS_URL, ...PATIENT })
        return node
      },
      { timeout: 30_000 },
    )
    .toBeDefined()
  await using held = node as TestNode
  await keepsSessions(
    held,
    /^redis-cli -u redis:\/\/\$\(redis-cli -h 127\.0\.0\.1 -p \d+ SENTINEL get-master-addr-by-name main/,
  )
}, 60_000)

it('gives the sentinels their own password', async () => {
  await using primary = await startRedis()
  await using sentinel = await sentinelOf(primary, 'requirepass s3cret\n')
  const env = { MODE: 'clustered', REDIS_URL: `redis+sentinel://127.0.0.1:${sentinel.port}/main`, ...PATIENT }
  let node: TestNode | undefined
  const start = async () => {
    node = await testNode({ ...env, REDIS_SENTINEL_PASSWORD: 's3cret' })
    return node
  }
  await expect.poll(start, { timeout: 30_000 }).toBeDefined()
  await using held = node as TestNode
  expect((await held.client().get('/set?q=x')).statusCode).toBe(200)
  await expect(testNode(env)).rejects.toThrow(/NOAUTH|no primary named main/)
}, 60_000)

it('reaches a cluster that announces inner addresses, through REDIS_NAT_MAP', async () => {
  await using redis = await clusterOfOne()
  const client = new Redis(redis.url)
  await client.config('SET', 'cluster-announce-ip', '192.0.2.7')
  await expect.poll(() => client.call('CLUSTER', 'SLOTS').then(String)).toContain('192.0.2.7')
  client.disconnect()
  const REDIS_URL = redis.url.replace('redis://', 'redis+cluster://')
  const REDIS_NAT_MAP = `192.0.2.7:${redis.port}=127.0.0.1:${redis.port}`
  await using node = await testNode({ MODE: 'clustered', REDIS_URL, REDIS_NAT_MAP, ...PATIENT })
  expect((await node.client().get('/set?q=x')).statusCode).toBe(200)
}, 60_000)

it('shows its certificate to a Redis that asks for one, and believes only the authority it was told', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'redis-tls-'))
  const at = (name: string) => join(directory, name)
  const openssl = (...args: string[]) => execFileSync('openssl', args, { stdio: 'pipe' })
  const subject = ['-nodes', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1']
  openssl('req', '-x509', ...subject, '-keyout', at('ca.key'), '-out', at('ca.pem'), '-subj', '/CN=ours', '-days', '2')
  for (const name of ['server', 'client']) {
    openssl('req', ...subject, '-keyout', at(`${name}.key`), '-out', at(`${name}.csr`), '-subj', `/CN=${name}`)
    await writeFile(at(`${name}.ext`), 'subjectAltName=IP:127.0.0.1\n')
    const signed = ['-CA', at('ca.pem'), '-CAkey', at('ca.key'), '-CAcreateserial', '-extfile', at(`${name}.ext`)]
    openssl('x509', '-req', '-in', at(`${name}.csr`), ...signed, '-out', at(`${name}.pem`), '-days', '2')
  }
  const tlsPort = await freePort()
  const tls = ['--tls-port', `${tlsPort}`, '--tls-cert-file', at('server.pem'), '--tls-key-file', at('server.key')]
  await using redis = await startRedis({
    args: [...tls, '--tls-ca-cert-file', at('ca.pem'), '--tls-auth-clients', 'yes'],
  })
  expect(redis.port).not.toBe(tlsPort)
  const env = { MODE: 'clustered', REDIS_URL: `rediss://127.0.0.1:${tlsPort}`, ...PATIENT }
  const all = { REDIS_CA: at('ca.pem'), REDIS_CERT: at('client.pem'), REDIS_KEY: at('client.key') }
  await using node = await testNode({ ...env, ...all })
  expect((await node.client().get('/set?q=x')).statusCode).toBe(200)
  await expect(testNode(env)).rejects.toThrow(/REDIS_URL: .*(self-signed|unable to (verify|get))/)
  await expect(testNode({ ...env, REDIS_CA: all.REDIS_CA })).rejects.toThrow(/REDIS_URL: cannot use rediss/)
  await rm(directory, { recursive: true })
}, 60_000)

it.each([
  [{ REDIS_CA: '/nowhere.pem' }, /^REDIS_CA: cannot read "\/nowhere.pem": ENOENT/],
  [{ REDIS_CERT: '/dev/null' }, /^REDIS_KEY: must be set, too/],
  [{ REDIS_NAT_MAP: 'a=b' }, /^REDIS_NAT_MAP: "a=b" is not understood/],
  [{ REDIS_START_TIMEOUT_MS: '1' }, /^REDIS_START_TIMEOUT_MS: "1" is not a whole number/],
])('refuses %j', async (env, line) => {
  await expect(testNode(env as Record<string, string>)).rejects.toThrow(line)
})

describe('a start that Redis does not allow', () => {
  it.each([
    [
      'it has too many clients',
      (client: Redis) => client.config('SET', 'maxclients', '1'),
      /max number of clients reached$/,
    ],
    ['it asks for a password', (client: Redis) => client.config('SET', 'requirepass', 'x'), /NOAUTH/],
  ])('says what Redis said, when %s', async (_what, forbid, line) => {
    await using redis = await startRedis()
    const client = new Redis(redis.url)
    await forbid(client)
    await expect(testNode({ MODE: 'clustered', REDIS_URL: redis.url })).rejects.toThrow(line)
    client.disconnect()
  })

  it('says that it has no such database, where the client would go on in another', async () => {
    await using redis = await startRedis()
    const env = { ...PATIENT, MODE: 'clustered', REDIS_URL: `${redis.url}/99` }
    await expect(testNode(env)).rejects.toThrow(/DB index is out of range/)
  })

  it('says that something else than Redis listens there', async () => {
    const server = createServer((_request, response) => response.end('hello')).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const env = { ...PATIENT, MODE: 'clustered', REDIS_URL: `redis://127.0.0.1:${port}` }
    await expect(testNode(env)).rejects.toThrow(/does not speak Redis’s protocol/)
    server.close()
  })

  it('is none where a user may do what the README says and no more', async () => {
    await using redis = await startRedis()
    const readme = readFileSync(new URL('../../../packages/session/README.md', import.meta.url), 'utf8')
    const [, rule = ''] = /ACL SETUSER sessions (.*)/.exec(readme) ?? []
    const client = new Redis(redis.url)
    await client.call('ACL', 'SETUSER', 'sessions', ...rule.split(' '), '+info')
    const url = redis.url.replace('redis://', 'redis://sessions:secret@')
    await using node = await testNode({ ...PATIENT, MODE: 'clustered', REDIS_URL: url, SESSION_NAMESPACE: 'shop' })
    expect((await node.client().get('/set?q=1')).statusCode).toBe(200)
    client.disconnect()
  })

  it('waits for a slow Redis as long as it was told', async () => {
    await using redis = await startRedis()
    const client = new Redis(redis.url)
    await client.call('CLIENT', 'PAUSE', '2500', 'ALL')
    const env = { MODE: 'clustered', REDIS_URL: redis.url }
    await expect(testNode({ ...env, REDIS_START_TIMEOUT_MS: '200' })).rejects.toThrow(
      'no answer within 200 ms (REDIS_START',
    )
    await using node = await testNode({ ...env, REDIS_START_TIMEOUT_MS: '30000' })
    expect(node).toBeDefined()
    client.disconnect()
  })
})

it('logs a store that is away in a line or two, not in one for each request', async () => {
  await using redis = await startRedis()
  await using node = await testNode({ MODE: 'clustered', REDIS_URL: redis.url })
  const client = node.client()
  await client.get('/set?q=x')
  process.kill(redis.pid as number, 'SIGSTOP')
  for (let i = 0; i < 50; i++) expect((await client.get('/get')).statusCode).toBe(503)
  process.kill(redis.pid as number, 'SIGCONT')
  await expect.poll(async () => (await client.get('/get')).statusCode, { timeout: 10_000 }).toBe(200)
  const warned = node.log.map((line) => JSON.parse(line)).filter(({ level }) => level >= 40)
  expect(warned.length).toBeLessThan(8)
  const circuit = warned.filter(({ msg }) => /^store (keeps|answers)/.test(msg))
  expect(circuit.at(-1)).toMatchObject({ open: false, refused: expect.any(Number), ms: expect.any(Number) })
  expect(circuit.at(-1).refused).toBeGreaterThan(10)
})
