import { execFile } from 'node:child_process'
import os from 'node:os'
import { promisify } from 'node:util'
import { findRedisServer } from '@session-cluster/cluster'
import { pause } from './load/pause.ts'

const execute = promisify(execFile)

/** On what a run was made. A number without this is an anecdote. */
export interface Environment {
  readonly cpu: string
  readonly cores: number
  readonly memoryBytes: number
  readonly system: string
  readonly node: string
  /** The version of the Redis that clusters are started with; `undefined` when there is none to be had. */
  readonly redis: string | undefined
  /** The commit of this checkout, with `+` when files had been changed; `undefined` outside a checkout. */
  readonly commit: string | undefined
  /** How much of the CPU was in use in the half second before the run, 0 to 1: above 0.5 others were busy too. */
  readonly loadPerCore: number
}

/** Looks at this machine. Never rejects: what cannot be had is `undefined`. */
export async function observeEnvironment(): Promise<Environment> {
  const [busy, redis, commit, changed] = await Promise.all([
    cpuInUse(),
    findRedisServer().then(
      (server) => firstLine(server, '--version'),
      () => undefined,
    ),
    firstLine('git', 'rev-parse', '--short=12', 'HEAD'),
    firstLine('git', 'status', '--porcelain', '--untracked-files=no'),
  ])
  const cores = os.availableParallelism()
  return {
    cpu: os.cpus()[0]?.model.trim() ?? 'unknown',
    cores,
    memoryBytes: os.totalmem(),
    system: `${os.type()} ${os.release()} ${os.arch()}`,
    node: process.version,
    redis: redis?.match(/v=([\d.]+)/)?.[1],
    commit: commit && (changed ? `${commit}+` : commit),
    loadPerCore: Math.round(busy * 100) / 100,
  }
}

async function firstLine(command: string, ...args: string[]): Promise<string | undefined> {
  const { stdout } = await execute(command, args).catch(() => ({ stdout: '' }))
  return stdout.split('\n')[0]?.trim() || undefined
}

/** The part of all cores' time that somebody used. A load average would still tell of what ended a minute ago. */
async function cpuInUse(): Promise<number> {
  const look = () => {
    const times = os.cpus().map((core) => core.times)
    const idle = times.reduce((sum, core) => sum + core.idle, 0)
    return { idle, all: times.reduce((sum, { user, nice, sys, idle, irq }) => sum + user + nice + sys + idle + irq, 0) }
  }
  const before = look()
  await pause(500)
  const after = look()
  return 1 - (after.idle - before.idle) / (after.all - before.all)
}
