import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'

/** A process that still runs. */
export interface Survivor {
  readonly pid: number
  readonly command: string
}

/**
 * The living processes of one run, and of runs inside of it: those whose environment carries `CLUSTER_RUN=<run>`, so that grandchildren,
 * orphans and stopped ones are found too, whatever became of their parents.
 */
export function survivors(run: string): Survivor[] {
  const mark = new RegExp(`(^|[\\0 ])CLUSTER_RUN=${run}([/\\0 ]|$)`)
  if (process.platform === 'linux') return fromProc(mark)
  const lines = execFileSync('ps', ['-axEww', '-o', 'pid=,command='], { encoding: 'utf8' }).split('\n')
  return lines
    .filter((line) => mark.test(line))
    .map((line) => ({ pid: Number.parseInt(line, 10), command: line.slice(0, 120) }))
}

function fromProc(mark: RegExp): Survivor[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && mark.test(read(`/proc/${name}/environ`)))
    .map((name) => ({ pid: Number(name), command: read(`/proc/${name}/cmdline`).replaceAll('\0', ' ').trim() }))
}

/** Empty for a process that has ended meanwhile, or that belongs to someone else. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
