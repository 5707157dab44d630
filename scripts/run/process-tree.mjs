// Which processes descend from which: by /proc on Linux, by ps elsewhere. Plain JavaScript: the bootstrap uses it, too.
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'

/**
 * One process as the system lists it.
 * @typedef {{ pid: number, parent: number, name: string }} Listed
 */

/**
 * The process with this id, or `undefined` when it has gone.
 * @param {number} pid
 * @returns {Listed | undefined}
 */
export function processOf(pid) {
  return process.platform === 'linux' ? fromProc(pid) : fromPs(['-p', String(pid)])[0]
}

/**
 * All descendants of a process, parents before children.
 * @param {number} pid
 * @returns {number[]}
 */
export function descendants(pid) {
  const all = process.platform === 'linux' ? everyProc() : fromPs(['-A'])
  const found = [pid]
  for (const ancestor of found) {
    for (const { pid: child, parent } of all) if (parent === ancestor && !found.includes(child)) found.push(child)
  }
  return found.slice(1)
}

/**
 * The processes that were started with this variable in their environment, whatever became of their parents. On Linux; elsewhere none.
 * @param {string} name
 * @param {string} value
 * @returns {number[]}
 */
export function startedWith(name, value) {
  if (process.platform !== 'linux') return []
  return everyPid().filter((pid) => pid !== process.pid && environmentOf(pid).includes(`\0${name}=${value}\0`))
}

function environmentOf(pid) {
  try {
    return `\0${readFileSync(`/proc/${pid}/environ`, 'latin1')}`
  } catch {
    return '' // gone, or another user's
  }
}

function everyPid() {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
}

function everyProc() {
  return everyPid()
    .map(fromProc)
    .filter((listed) => listed !== undefined)
}

/** @returns {Listed | undefined} */
function fromProc(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    // The name stands in brackets and may hold brackets and blanks itself.
    const [, name = '', rest = ''] = /^\d+ \((.*)\) (.*)/s.exec(stat) ?? []
    const [state, parent] = rest.split(' ')
    return state === 'Z' ? undefined : { pid, parent: Number(parent), name }
  } catch {
    return undefined
  }
}

/** @returns {Listed[]} */
function fromPs(which) {
  try {
    const lines = execFileSync('ps', ['-o', 'pid=,ppid=,comm=', ...which], { encoding: 'utf8' }).split('\n')
    return lines.flatMap((line) => {
      const [, pid, parent, name] = /^\s*(\d+)\s+(\d+)\s+(.*)/.exec(line) ?? []
      return pid ? [{ pid: Number(pid), parent: Number(parent), name }] : []
    })
  } catch {
    return []
  }
}
