import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { which } from './command.ts'
import { baseEnvironment, newRun } from './environment.ts'
import { freePort } from './free-port.ts'
import type { LogLine } from './log-buffer.ts'
import { ManagedProcess, type ProcessListener } from './managed-process.ts'
import { projectRoot } from './project.ts'
import { Supervisor } from './supervisor/supervisor.ts'

/** How the tutorial's own program is started. */
export interface SpringOptions extends ProcessListener {
  /** What its `X-Served-By` says. @default 's' */
  readonly name?: string
  /** @default any free port */
  readonly port?: number
  /** The Redis that it shares. Without it, sessions are Tomcat's, in the cookie JSESSIONID. */
  readonly redisUrl?: string
  /** How attributes are written: as JSON, or in Java's own serialization. @default 'json' */
  readonly serializer?: 'json' | 'java'
  /** Hears one line before each step that takes a while. */
  readonly onProgress?: (line: string) => void
  /** Gives up: what was started ends. */
  readonly signal?: AbortSignal
  /** How long the start may take, ms; the first build is not counted. @default 120_000 */
  readonly startTimeoutMs?: number
}

/** The tutorial's own program, a Spring Boot application; disposing ends it. */
export interface SpringServer extends AsyncDisposable {
  readonly name: string
  readonly url: string
  readonly pid: number | undefined
  /** The last lines that it wrote. */
  readonly log: readonly LogLine[]
}

/** This machine has no Java or no Maven, or Maven could not build the program. Everything else works without. */
export class NoSpringError extends Error {
  override readonly name = 'NoSpringError'
  readonly code = 'CLUSTER_NO_SPRING'
}

const folder = join(projectRoot, 'apps', 'spring')
const jar = join(folder, 'target', 'session.jar')

/** How long Maven may take, ms: the first time it fetches Spring. */
const BUILD_MS = 600_000

/**
 * Builds `apps/spring`, when it has changed, and starts it on 127.0.0.1. Throws `NoSpringError` when this machine cannot,
 * `StartError` when it fails. It never outlives this process.
 */
export async function startSpring(options: SpringOptions = {}): Promise<SpringServer> {
  const java = await buildSpring(options)
  const { name = 's', redisUrl, serializer = 'json', startTimeoutMs = 120_000 } = options
  const run = newRun()
  const port = options.port ?? (await freePort())
  const env = {
    ...baseEnvironment(run),
    NODE_NAME: name,
    PORT: String(port),
    SERIALIZER: serializer,
    ...(redisUrl === undefined ? { SPRING_PROFILES_ACTIVE: 'tomcat' } : { REDIS_URL: redisUrl }),
  }
  const supervisor = await Supervisor.start(baseEnvironment(run))
  // A quick start rather than a fast server: it serves one reader.
  const args = ['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-jar', jar]
  const process = new ManagedProcess<true>({
    name: `node ${name}`,
    supervisor,
    spec: () => ({ command: java, args, env, cwd: folder }),
    ready: (line) => (line.includes('Started SessionApplication') ? true : undefined),
    startTimeoutMs,
    stopTimeoutMs: 10_000,
    logLines: 400,
    ...(options.onLine && { onLine: options.onLine }),
    ...(options.onState && { onState: options.onState }),
  })
  const end = async (): Promise<void> => {
    process.expectEnd()
    await supervisor[Symbol.asyncDispose]()
  }
  const giveUp = (): void => void end()
  options.signal?.addEventListener('abort', giveUp)
  try {
    options.signal?.throwIfAborted()
    options.onProgress?.(`Starting Spring Boot as node ${name} …`)
    await process.start()
  } catch (error) {
    await end()
    throw options.signal?.aborted ? options.signal.reason : error
  } finally {
    options.signal?.removeEventListener('abort', giveUp)
  }
  return {
    name,
    url: `http://127.0.0.1:${port}`,
    get pid() {
      return process.pid
    },
    get log() {
      return process.log
    },
    [Symbol.asyncDispose]: end,
  }
}

/** Builds the program, unless its jar is newer than its sources. Answers the path of `java`. */
async function buildSpring({ onProgress, signal }: SpringOptions): Promise<string> {
  const java = await which('java')
  if (!java)
    throw new NoSpringError('there is no java (17 or newer) on PATH; everything but the Spring server works without')
  if (isBuilt()) return java
  const maven = await which('mvn')
  if (!maven)
    throw new NoSpringError(
      'there is no mvn on PATH to build apps/spring; everything but the Spring server works without',
    )
  onProgress?.('Building apps/spring with Maven; the first time it fetches Spring …')
  const build = spawn(maven, ['-q', '-B', 'package'], {
    cwd: folder,
    timeout: BUILD_MS,
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(signal && { signal }),
  })
  build.on('error', () => {}) // given up: told below
  let output = ''
  for (const stream of [build.stdout, build.stderr]) {
    stream.on('data', (text) => {
      output += String(text)
    })
  }
  const [code] = (await once(build, 'close')) as [number | null]
  signal?.throwIfAborted()
  if (code === 0) return java
  const said = output.split('\n').find((line) => line.includes('ERROR'))
  throw new NoSpringError(`Maven could not build apps/spring: ${said?.trim() ?? `exit code ${code}`}`)
}

function isBuilt(): boolean {
  const built = changedAt(jar)
  const sources = readdirSync(join(folder, 'src'), { recursive: true, encoding: 'utf8' })
  return [join(folder, 'pom.xml'), ...sources.map((path) => join(folder, 'src', path))].every(
    (path) => changedAt(path) < built,
  )
}

const changedAt = (path: string): number => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0
