import { readdirSync, readFileSync } from 'node:fs'

/**
 * Nanoseconds that a thread was on a CPU, user and system time together: the first field of Linux' schedstat
 * (`<ns on cpu> <ns waiting for one> <timeslices>`, Documentation/scheduler/sched-stats.rst).
 * The ticks of /proc/<pid>/stat come from the same account, rounded to 10 ms.
 */
export function parseSchedstat(text: string): bigint {
  const match = /^(\d+) \d+ \d+\s*$/.exec(text)
  if (!match) throw new Error(`Not a schedstat line: ${JSON.stringify(text.slice(0, 80))}`)
  return BigInt(match[1] as string)
}

/** The parent's pid from /proc/<pid>/stat; the command's name there may hold spaces and brackets. */
export function parseParentPid(stat: string): number {
  const afterName = stat.slice(stat.lastIndexOf(')') + 2)
  const parent = Number(afterName.split(' ')[1])
  if (!Number.isInteger(parent)) throw new Error(`Not a stat line: ${JSON.stringify(stat.slice(0, 80))}`)
  return parent
}

/** The process and everything it started that is still there, found by parent pid. */
export function processTree(root: number): number[] {
  const children = new Map<number, number[]>()
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue
    const stat = readOrGone(`/proc/${name}/stat`)
    if (stat === undefined) continue
    const parent = parseParentPid(stat)
    children.set(parent, [...(children.get(parent) ?? []), Number(name)])
  }
  const tree = [root]
  for (let at = 0; at < tree.length; at++) tree.push(...(children.get(tree[at] as number) ?? []))
  return tree
}

/** CPU time of one process: all its threads (V8's and libuv's helpers included), in nanoseconds. */
export function processCpuNs(pid: number): bigint {
  let total = 0n
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    const text = readOrGone(`/proc/${pid}/task/${thread}/schedstat`)
    if (text !== undefined) total += parseSchedstat(text)
  }
  return total
}

/** CPU time of a process and all its workers so far, in nanoseconds. Throws when a process has gone: its time is lost. */
export function treeCpuNs(pids: readonly number[]): bigint {
  return pids.reduce((total, pid) => total + processCpuNs(pid), 0n)
}

/** Resident memory in bytes: `Pss` of smaps_rollup, so that pages shared by workers count once. */
export function parsePssBytes(smapsRollup: string): number {
  const match = /^Pss:\s+(\d+) kB$/m.exec(smapsRollup)
  if (!match) throw new Error('No Pss line in smaps_rollup.')
  return Number(match[1]) * 1024
}

/** Resident memory of a process and its workers, in bytes. */
export function treeMemoryBytes(pids: readonly number[]): number {
  return pids.reduce((total, pid) => total + parsePssBytes(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8')), 0)
}

/** Threads and foreign processes may end between listing and reading; everything else is an error. */
function readOrGone(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (code === 'ENOENT' || code === 'ESRCH') return undefined
    throw error
  }
}
