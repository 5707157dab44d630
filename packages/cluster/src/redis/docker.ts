import { randomUUID } from 'node:crypto'
import { run, which } from '../command.ts'
import { RUN_VARIABLE } from '../environment.ts'
import type { ChildSpec } from '../supervisor/protocol.ts'
import type { RedisSettings } from './redis.ts'

/** The same image that deploy/compose uses. */
const IMAGE = 'redis:8-trixie'

/**
 * Ends the container when its standard input closes, which the kernel does when the docker client is gone, whatever
 * killed it: a container is no descendant of the client, and no signal to the client's group reaches it.
 */
const SCRIPT = 'exec 3<&0; redis-server "$@" 3<&- & server=$!; { cat <&3 >/dev/null; kill -9 $server; } & wait $server'

/** How the system's signals are said to a container. */
const VERBS: Partial<Record<NodeJS.Signals, string>> = {
  SIGSTOP: 'pause',
  SIGCONT: 'unpause',
  SIGKILL: 'kill',
  SIGTERM: 'kill',
}

/** Whether a Docker engine answers; why not goes into `failures`, unless there is no docker at all. */
export async function hasDocker(env: NodeJS.ProcessEnv, failures: string[]): Promise<boolean> {
  if (!(await which('docker', env))) return false
  try {
    await run('docker', ['version', '--format', '{{.Server.Version}}'], { env, timeoutMs: 10_000 })
    return true
  } catch (error) {
    failures.push((error as Error).message)
    return false
  }
}

/** A Redis in a container of its own, published on 127.0.0.1 only, removed with its last process. */
export class DockerRedis {
  readonly #name = `session-cluster-redis-${randomUUID()}`
  readonly #env: Readonly<Record<string, string>>

  constructor(env: Readonly<Record<string, string>>) {
    this.#env = env
  }

  /** Fetches the image, so that the start itself is quick. */
  async prepare(onProgress: (line: string) => void): Promise<void> {
    onProgress(`No redis-server here: using Docker's ${IMAGE} …`)
    const found = await run('docker', ['image', 'inspect', IMAGE], { env: this.#env }).catch(() => undefined)
    if (found === undefined) await run('docker', ['pull', '--quiet', IMAGE], { env: this.#env, timeoutMs: 600_000 })
  }

  spec(settings: RedisSettings): ChildSpec {
    const { port, directory, args } = settings
    const user = process.getuid && process.getgid ? ['--user', `${process.getuid()}:${process.getgid()}`] : []
    const container = [
      '--rm',
      '--interactive',
      '--name',
      this.#name,
      '--label',
      `${RUN_VARIABLE}=${this.#env[RUN_VARIABLE] ?? ''}`,
      '--publish',
      `127.0.0.1:${port}:6379`,
      ...user,
    ]
    const inside = ['--port', '6379', '--bind', '0.0.0.0', '--protected-mode', 'no', '--dir', '/data', ...args]
    return {
      command: 'docker',
      args: [
        'run',
        ...container,
        '--volume',
        `${directory}:/data`,
        '--entrypoint',
        'sh',
        IMAGE,
        '-c',
        SCRIPT,
        'redis',
        ...inside,
      ],
      env: this.#env,
      cwd: directory,
      cleanUp: ['docker', 'rm', '--force', this.#name],
    }
  }

  /** Does to the container what the signal would do to a process. */
  async deliver(signal: NodeJS.Signals): Promise<void> {
    const verb = VERBS[signal]
    if (verb) await run('docker', [verb, this.#name], { env: this.#env })
  }
}
