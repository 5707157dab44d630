import { baseEnvironment, newRun } from '../environment.ts'
import { freePort } from '../free-port.ts'
import { ManagedProcess, type ProcessListener } from '../managed-process.ts'
import { Supervisor } from '../supervisor/supervisor.ts'
import { adviceFor } from './advice.ts'
import { DockerRedis, hasDocker } from './docker.ts'
import { NoRedisError, tryRedisServer } from './find.ts'
import { Redis, type RedisSettings } from './redis.ts'

/** Redis says this line, Valkey too, when it takes connections. */
const READY = 'Ready to accept connections'

/** How a Redis is started. */
export interface RedisOptions extends ProcessListener {
  /** One that runs already: it is used as it is, and nothing is started. */
  readonly url?: string
  /** @default any free port */
  readonly port?: number
  /** Keeps an append-only file, so that data outlives a crash; gone with the cluster. @default false */
  readonly appendOnly?: boolean
  /** Further arguments for redis-server, such as `['--maxmemory', '10mb']`. @default none */
  readonly args?: readonly string[]
  /** The program. @default what `findRedisServer` finds, else Docker */
  readonly server?: string
  /** Hears one line before each step that takes a while. */
  readonly onProgress?: (line: string) => void
  /** How long the start may take. @default 30_000 */
  readonly startTimeoutMs?: number
  /** The environment that the program starts from. @default `baseEnvironment` of a new run */
  readonly env?: Readonly<Record<string, string>>
}

/** A Redis with a supervisor of its own; disposing ends it. */
export type OwnRedis = Redis & AsyncDisposable

/**
 * Starts a Redis alone: on 127.0.0.1, with no configuration file and a temporary directory of its own, gone when this
 * process ends. Throws `NoRedisError` when this machine has none and none can be fetched, `StartError` when it fails.
 */
export async function startRedis(options: RedisOptions = {}): Promise<OwnRedis> {
  const env = options.env ?? baseEnvironment(newRun())
  const supervisor = await Supervisor.start(env)
  try {
    const redis = await startRedisUnder(supervisor, { ...options, env })
    const end = () => {
      redis.expectEnd()
      return supervisor[Symbol.asyncDispose]()
    }
    return Object.assign(redis, { [Symbol.asyncDispose]: end })
  } catch (error) {
    await supervisor[Symbol.asyncDispose]()
    throw error
  }
}

/** As {@link startRedis}, under a supervisor that is there already and ends it. */
export async function startRedisUnder(supervisor: Supervisor, options: RedisOptions): Promise<Redis> {
  if (options.url !== undefined) return new Redis(options.url)
  const { appendOnly = false, args = [], startTimeoutMs = 30_000 } = options
  const env = options.env ?? baseEnvironment(newRun())
  // Without a title of its own, `ps` shows what it was started with.
  const persistence = ['--set-proc-title', 'no', '--save', '', '--appendonly', appendOnly ? 'yes' : 'no']
  const settings: RedisSettings = {
    port: options.port ?? (await freePort()),
    directory: await supervisor.directory(),
    args: [...persistence, ...args],
  }
  const process = new ManagedProcess<true>({
    name: 'redis',
    supervisor,
    ...(await program(options, settings, env)),
    ready: (line) => (line.includes(READY) ? true : undefined),
    startTimeoutMs,
    stopTimeoutMs: 5_000,
    logLines: 200,
    ...(options.onLine && { onLine: options.onLine }),
    ...(options.onState && { onState: options.onState }),
  })
  await process.start()
  return new Redis(`redis://127.0.0.1:${settings.port}`, process)
}

type Program = Pick<ConstructorParameters<typeof ManagedProcess<true>>[0], 'spec' | 'deliver'>

async function program(
  options: RedisOptions,
  settings: RedisSettings,
  env: Readonly<Record<string, string>>,
): Promise<Program> {
  const onProgress = options.onProgress ?? (() => {})
  const failures: string[] = []
  const server = options.server ?? (await tryRedisServer({ env, onProgress }, failures))
  if (server) return { spec: () => serverSpec(server, settings, env) }
  if (!(await hasDocker(env, failures))) throw new NoRedisError(await adviceFor(failures))
  const docker = new DockerRedis(env)
  await docker.prepare(onProgress)
  return { spec: () => docker.spec(settings), deliver: (signal) => docker.deliver(signal) }
}

function serverSpec(command: string, { port, directory, args }: RedisSettings, env: Readonly<Record<string, string>>) {
  const fixed = ['--port', String(port), '--bind', '127.0.0.1', '--dir', directory, '--daemonize', 'no']
  return { command, args: [...fixed, ...args], env, cwd: directory }
}
