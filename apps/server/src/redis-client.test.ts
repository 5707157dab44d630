import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findRedisServer, freePort, type OwnRedis, startRedis } from '@session-cluster/cluster'
import { Redis } from 'ioredis'
import { expect, it } from 'vitest'
import { type TestNode, testNode } from './test-node.ts'

const PATIENT = { SESSION_STORE_TIMEOUT_MS: '10000' }

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

/** One sentinel that watches one primary. */
async function sentinelOf(primary: OwnRedis) {
  const directory = await mkdtemp(join(tmpdir(), 'sentinel-'))
  const port = await freePort()
  const file = join(directory, 'sentinel.conf')
  await writeFile(
    file,
    `port ${port}\nbind 127.0.0.1\ndir ${directory}\nsentinel monitor main 127.0.0.1 ${primary.port} 1\n`,
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
