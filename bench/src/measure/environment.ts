import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { cpus, release, totalmem } from 'node:os'

/** Where and when a run was made: figures of two environments are not compared. */
export interface Environment {
  readonly date: string
  readonly cpu: string
  readonly cores: number
  readonly memoryBytes: number
  readonly kernel: string
  readonly node: string
  readonly commit: string
  /** One-minute load average at the start: other work on the machine shows here. */
  readonly load: number
  readonly cpuClock: string
  readonly versions: Readonly<Record<string, string>>
}

/** Describes this machine now; `programs` adds what was found outside the workspace. */
export function environment(packages: readonly string[], programs: Readonly<Record<string, string>> = {}): Environment {
  const installed = packages.map((name): [string, string] => [name, packageVersion(name)])
  return {
    date: new Date().toISOString(),
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memoryBytes: totalmem(),
    kernel: release(),
    node: process.version,
    commit: commit(),
    load: Number(readFileSync('/proc/loadavg', 'utf8').split(' ')[0]),
    cpuClock: '/proc/<pid>/task/*/schedstat: nanoseconds on a CPU, user and system, all threads and workers',
    versions: { ...Object.fromEntries(installed), ...programs },
  }
}

function packageVersion(name: string): string {
  const file = new URL(`../../node_modules/${name}/package.json`, import.meta.url)
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version
}

function commit(): string {
  try {
    return execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim()
  } catch {
    return 'not a checkout'
  }
}
