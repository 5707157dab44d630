import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { message } from '../load/generator.ts'
import { endWithUs, stopChild } from '../measure/stop-child.ts'

/** What every contender is asked for. */
export type Scenario = 'untouched' | 'read' | 'write'

/** One way to keep sessions, as a process of its own. */
export interface Contender {
  readonly id: string
  readonly title: string
  readonly file: string
  readonly redis: boolean
  /** Keeps no sessions: others are compared with it. */
  readonly isBare?: true
  readonly scenarios: readonly Scenario[]
  readonly env?: Readonly<Record<string, string>>
}

const all = ['untouched', 'read', 'write'] as const

/** Everything that `npm run bench -- session` compares; the first is the baseline. */
export const contenders: readonly Contender[] = [
  { id: 'bare', title: 'bare Fastify', file: 'bare', redis: false, isBare: true, scenarios: all },
  { id: 'ours-memory', title: 'ours, memory', file: 'ours', redis: false, scenarios: all },
  { id: 'ours-redis', title: 'ours, Redis', file: 'ours', redis: true, scenarios: all },
  { id: 'sync-redis', title: 'ours, Redis, request.session', file: 'ours-sync', redis: true, scenarios: all },
  { id: 'bare-http', title: 'bare node:http', file: 'bare-http', redis: false, isBare: true, scenarios: all },
  { id: 'http-memory', title: 'ours, withSessions, memory', file: 'ours-http', redis: false, scenarios: all },
  {
    id: 'ours-hybrid',
    title: 'ours, Redis with a near cache',
    file: 'ours',
    redis: true,
    scenarios: all,
    env: { NEAR_CACHE: 'on' },
  },
  { id: 'fs-memory', title: '@fastify/session, memory', file: 'fastify-session', redis: false, scenarios: all },
  { id: 'fs-redis', title: '@fastify/session + connect-redis', file: 'fastify-session', redis: true, scenarios: all },
  {
    id: 'fs-redis-still',
    title: '… the same, rolling: false',
    file: 'fastify-session',
    redis: true,
    scenarios: all,
    env: { ROLLING: 'off' },
  },
  { id: 'es-redis', title: 'express-session + connect-redis', file: 'express-session', redis: true, scenarios: all },
]

/** A contender that runs. */
export interface Running extends AsyncDisposable {
  readonly port: number
  readonly pid: number
  /** The child, for those who send it messages. */
  readonly child: ChildProcess
}

/** Starts a contender on a free port, in production form; `redisUrl` reaches those that keep sessions in Redis. */
export async function start(
  contender: Contender,
  redisUrl: string,
  env: Readonly<Record<string, string>> = {},
): Promise<Running> {
  const file = fileURLToPath(new URL(`servers/${contender.file}.ts`, import.meta.url))
  const redis = contender.redis ? { REDIS_URL: redisUrl } : {}
  const { REDIS_URL: _, ...inherited } = process.env
  const child = endWithUs(
    fork(file, {
      stdio: ['ignore', 2, 2, 'ipc'],
      env: { ...inherited, NODE_ENV: 'production', ...redis, ...contender.env, ...env },
      execArgv: ['--disable-warning=ExperimentalWarning'],
    }),
  )
  const { port } = (await message(child)) as { port: number }
  return { child, port, pid: child.pid as number, [Symbol.asyncDispose]: () => stopChild(child) }
}
