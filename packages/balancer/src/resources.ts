import { readdirSync, readFileSync } from 'node:fs'

/** Descriptors for what comes and goes: accepted connections that are refused, files that are read. */
const MARGIN = 32
/** As many connections to nodes as one process can keep busy. */
const MOST_TO_NODES = 4096

/**
 * How many clients' connections this process can hold: of the descriptors that the system grants it (`ulimit -n`) those in use, two for each
 * upstream's probes and a margin are taken off; half of the rest is for connections to nodes, but no more than 4096.
 */
export function connectionsAllowed(upstreams: number): number {
  const limit = descriptorLimit()
  const left = limit - descriptorsInUse() - 2 * upstreams - Math.min(MARGIN, Math.floor(limit / 8))
  return Math.max(1, left - Math.min(Math.ceil(left / 2), MOST_TO_NODES))
}

/** Open files allowed to this process; Infinity where that cannot be found out. */
function descriptorLimit(): number {
  try {
    const line = /^Max open files +(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))
    if (line) return Number(line[1])
  } catch {
    // Not Linux.
  }
  const report = process.report?.getReport() as { userLimits?: { open_files?: { soft?: unknown } } } | undefined
  return Number(report?.userLimits?.open_files?.soft) || Number.POSITIVE_INFINITY
}

function descriptorsInUse(): number {
  try {
    return readdirSync('/proc/self/fd').length
  } catch {
    return MARGIN
  }
}

const OURS = new Set(['EMFILE', 'ENFILE', 'ENOBUFS', 'ENOMEM'])

/** Whether a connection could not be made for want of something on this machine: no upstream is to blame. */
export const isOutOfResources = (error: unknown): boolean => OURS.has((error as NodeJS.ErrnoException).code ?? '')
