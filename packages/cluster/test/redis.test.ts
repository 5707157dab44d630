import { mkdir, mkdtemp, readdir, readlink, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { Redis as Client } from 'ioredis'
import { describe, expect, test } from 'vitest'
import { run, which } from '../src/command.ts'
import { baseEnvironment, newRun } from '../src/environment.ts'
import { findRedisServer, NoRedisError, startRedis } from '../src/index.ts'

/** A client that fails at once instead of waiting, for one piece of work. */
async function withClient<T>(url: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client(url, {
    retryStrategy: () => null,
    commandTimeout: 1_000,
    lazyConnect: true,
    enableReadyCheck: false,
  })
  client.on('error', () => {})
  try {
    await client.connect()
    return await work(client)
  } finally {
    client.disconnect()
  }
}

const get = (url: string, key: string) => withClient(url, (client) => client.get(key))
const set = (url: string, key: string, value: string) => withClient(url, (client) => client.set(key, value))

describe('a Redis of one’s own', () => {
  test('is new, empty and on loopback only, and gone with its folder afterwards', async () => {
    const redis = await startRedis()
    const { pid = 0, url } = redis
    expect(await withClient(url, (client) => client.dbsize())).toBe(0)
    const config = await withClient(url, (client) => client.config('GET', 'bind', 'save', 'appendonly', 'dir'))
    const settings = Object.fromEntries(
      (config as string[]).flatMap((item, index, all) => (index % 2 ? [] : [[item, all[index + 1]]])),
    )
    expect(settings).toMatchObject({ bind: '127.0.0.1', save: '', appendonly: 'no' })
    await redis[Symbol.asyncDispose]()
    await expect(get(url, 'any')).rejects.toThrow()
    expect(() => process.kill(pid, 0)).toThrow('ESRCH')
    await expect(readdir(String(settings.dir))).rejects.toThrow('ENOENT')
  })

  test('forgets in a crash, and keeps everything acknowledged when it is append-only', async () => {
    for (const appendOnly of [false, true]) {
      await using redis = await startRedis({ appendOnly })
      await set(redis.url, 'key', 'value')
      await redis.crash()
      expect(redis.state).toBe('crashed')
      await expect(get(redis.url, 'key')).rejects.toThrow()
      await redis.start()
      expect(await get(redis.url, 'key')).toBe(appendOnly ? 'value' : null)
    }
  })

  test('hangs while it is frozen and goes on when it is thawed', async () => {
    await using redis = await startRedis()
    await withClient(redis.url, async (client) => {
      await client.set('key', 'value')
      await redis.freeze()
      await expect(client.get('key')).rejects.toThrow(/timed out/)
      await redis.thaw()
      expect(await client.get('key')).toBe('value')
    })
    expect((await redis.stop()).code).toBe(0)
  })

  test('takes further arguments, and says in its own words what it does not like', async () => {
    await using redis = await startRedis({ args: ['--maxmemory', '5mb'] })
    expect(await withClient(redis.url, (client) => client.config('GET', 'maxmemory'))).toContain(String(5 * 1024 ** 2))
    await expect(startRedis({ args: ['--no-such-option', '1'] })).rejects.toThrow(/^redis did not start: .*\S/)
  })

  test('at a given URL is used and never controlled', async () => {
    await using theirs = await startRedis()
    await using redis = await startRedis({ url: theirs.url })
    expect([redis.url, redis.managed, redis.pid]).toEqual([theirs.url, false, undefined])
    await expect(redis.freeze()).rejects.toThrow('was not started here')
    await redis[Symbol.asyncDispose]()
    expect(await get(theirs.url, 'any')).toBeNull()
  })
})

/** Whether a container can be started without fetching anything. */
const hasImage = await run('docker', ['image', 'inspect', 'redis:8-trixie'], { timeoutMs: 10_000 }).then(
  () => true,
  () => false,
)
/** CI leaves nothing out: what is missing there is a failure. */
const demanded = process.env.REQUIRE_ALL !== undefined
const hasApt = (await which('apt-get')) !== undefined

/** A PATH with everything that this one has, but no Redis, and none of the given commands. */
async function pathWithout(...absent: string[]): Promise<{ PATH: string } & AsyncDisposable> {
  const folder = await mkdtemp(join(tmpdir(), 'path-without-redis-'))
  for (const from of (process.env.PATH ?? '').split(delimiter)) {
    for (const name of await readdir(from).catch(() => [])) {
      if (/^(redis|valkey)-/.test(name) || absent.includes(name)) continue
      await symlink(join(from, name), join(folder, name)).catch(() => {})
    }
  }
  return { PATH: folder, [Symbol.asyncDispose]: () => rm(folder, { recursive: true }) }
}

describe('finding a Redis', () => {
  test('takes the program that REDIS_SERVER names before any on PATH', async () => {
    const server = await findRedisServer()
    const env = { PATH: '/nowhere', REDIS_SERVER: server }
    expect(await findRedisServer({ env, cacheDir: '/nowhere' })).toBe(server)
  })

  test.runIf(hasApt || demanded)(
    'without one on PATH fetches a private copy, once, that needs nothing installed',
    async () => {
      await using path = await pathWithout()
      const cacheDir = await mkdtemp(join(tmpdir(), 'redis-copy-'))
      const said: string[] = []
      const options = {
        env: { ...process.env, REDIS_SERVER: '', PATH: path.PATH },
        cacheDir,
        onProgress: (line: string) => said.push(line),
      }
      const server = await findRedisServer(options)
      expect(server.startsWith(cacheDir)).toBe(true)
      expect(said[0]).toContain('private copy')
      // Nothing half-made beside it.
      expect(await readdir(cacheDir)).toEqual(['copy'])
      {
        await using redis = await startRedis({ server })
        await set(redis.url, 'key', 'value')
        expect(await get(redis.url, 'key')).toBe('value')
        // The process itself is Redis, not a shell before it: signals reach it.
        if (process.platform === 'linux') expect(await readlink(`/proc/${redis.pid}/exe`)).toContain(cacheDir)
      }
      said.length = 0
      expect(await findRedisServer(options)).toBe(server)
      expect(said).toEqual([])
      // An upgrade of the system broke it: it is made again.
      await writeFile(server, '#!/bin/sh\nexit 127\n')
      expect(await findRedisServer(options)).toBe(server)
      expect(said).not.toEqual([])
      expect(await readdir(cacheDir)).toEqual(['copy'])
      await rm(cacheDir, { recursive: true })
    },
    300_000,
  )

  test.runIf(hasImage || demanded)(
    'without any other way runs it in a container, which freezes, crashes and ends like a process',
    async () => {
      await using path = await pathWithout('apt-get', 'dnf')
      const name = newRun()
      const env = { ...baseEnvironment(name), PATH: path.PATH, REDIS_SERVER: '' }
      {
        await using redis = await startRedis({ env, appendOnly: true })
        await set(redis.url, 'key', 'value')
        await redis.crash()
        await expect(get(redis.url, 'key')).rejects.toThrow()
        await redis.start()
        await withClient(redis.url, async (client) => {
          expect(await client.get('key')).toBe('value')
          await redis.freeze()
          await expect(client.get('key')).rejects.toThrow(/timed out/)
        })
        expect(await containers(name)).toHaveLength(1)
        // It is frozen when it is to end.
      }
      expect(await containers(name)).toEqual([])
    },
  )

  test('with nothing to be had says what to install and why each way failed', async () => {
    await using path = await pathWithout('apt-get', 'dnf', 'docker')
    const cacheDir = await mkdtemp(join(tmpdir(), 'redis-copy-'))
    const failure = await findRedisServer({ env: { PATH: path.PATH }, cacheDir }).catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(NoRedisError)
    expect((failure as Error).message).toMatch(/none was found[\s\S]*Install one: .*\S[\s\S]*REDIS_URL/)
    const broken = findRedisServer({ env: { PATH: path.PATH, REDIS_SERVER: '/nowhere/redis-server' }, cacheDir })
    await expect(broken).rejects.toThrow(/Tried: .*\/nowhere\/redis-server/)
    await rm(cacheDir, { recursive: true })
  })

  test('an older Redis is passed over, and said to be too old', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'old-redis-'))
    await mkdir(join(folder, 'bin'))
    await using path = await pathWithout('apt-get', 'dnf', 'docker')
    await writeFile(join(folder, 'bin', 'redis-server'), '#!/bin/sh\necho "Redis server v=6.0.16 sha=0"\n', {
      mode: 0o755,
    })
    const env = { PATH: [join(folder, 'bin'), path.PATH].join(delimiter) }
    await expect(findRedisServer({ env, cacheDir: folder })).rejects.toThrow(/too old .*7 or newer/)
    await rm(folder, { recursive: true })
  })
})

/** The containers of a run, living or dead. */
async function containers(of: string): Promise<string[]> {
  const names = await run('docker', ['ps', '--all', '--filter', `label=CLUSTER_RUN=${of}`, '--format', '{{.Names}}'])
  return names.split('\n').filter(Boolean)
}
