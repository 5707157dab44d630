import { execFileSync } from 'node:child_process'
import { cpus } from 'node:os'
import { processTree } from './schedstat.ts'

/** Where what is measured runs, and where the load and the nodes do. */
export const CORES = { measured: 0, load: 1 }

/** Whether each can have a core of its own here. */
export function canPin(): boolean {
  if (cpus().length < 2) return false
  try {
    execFileSync('taskset', ['--version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

/** Keeps a process, its children and all their threads to these cores (`0`, `0,1`); so are those that they start later. */
export function pin(pid: number, core: number | string): void {
  for (const each of processTree(pid)) {
    execFileSync('taskset', ['-a', '-c', '-p', String(core), String(each)], { stdio: 'ignore' })
  }
}
