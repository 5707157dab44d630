import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'

/** A process that still runs. */
export interface Survivor {
  readonly pid: number
  readonly command: string
}

/**
 * The living processes of one run: those whose environment carries `SESSION_CLUSTER_RUN=<run>`, so that grandchildren,
 * orphans and stopped ones are found too, whatever became of their parents.
 */
export function survivors(run: string): Survivor[] {
  const mark = `SESSION_CLUSTER_RUN=${run}`
  if (process.platform === 'linux') return fromProc(mark)
  const lines = execFileSync('ps', ['-axEww', '-o', 'pid=,command='], { encoding: 'utf8' }).split('\n')
  return lines
    .filter((line) => line.includes(mark))
    .map((line) => ({ pid: Number.parseInt(line, 10), command: line.slice(0, 120) }))
}

function fromProc(mark: string): Survivor[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && read(`/proc/${name}/environ`).split('\0').includes(mark))
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
