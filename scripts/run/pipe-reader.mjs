// Tells when the reader of a pipe has gone. A writer learns of that by writing only, and a cluster may have nothing to say for hours.
import { constants, readdirSync, readFileSync, readlinkSync } from 'node:fs'

const EVERY_MS = 1000

/**
 * Calls `gone` once, when no process reads this process's standard output or error any more. On Linux, for pipes whose reader this user
 * may look at; elsewhere the next write tells.
 * @param {() => void} gone
 */
export function whenReaderGone(gone) {
  const pipes = [1, 2].map((fd) => readlink(`/proc/self/fd/${fd}`)).filter((link) => link?.startsWith('pipe:'))
  const watched = [...new Set(pipes)].map((pipe) => ({ pipe, reader: readerOf(pipe) })).filter(({ reader }) => reader)
  if (watched.length === 0) return
  const timer = setInterval(() => {
    for (const one of watched) if (readlink(one.reader) !== one.pipe) one.reader = readerOf(one.pipe)
    if (watched.every(({ reader }) => reader)) return
    clearInterval(timer)
    gone()
  }, EVERY_MS)
  timer.unref()
}

/** The path of a descriptor that reads this pipe, if this user may see one. */
function readerOf(pipe) {
  for (const pid of list('/proc').filter((name) => /^\d+$/.test(name))) {
    for (const fd of list(`/proc/${pid}/fd`)) {
      const path = `/proc/${pid}/fd/${fd}`
      if (readlink(path) === pipe && isReadable(`/proc/${pid}/fdinfo/${fd}`)) return path
    }
  }
  return undefined
}

function isReadable(fdinfo) {
  try {
    const flags = Number.parseInt(/^flags:\s*(\d+)/m.exec(readFileSync(fdinfo, 'utf8'))?.[1] ?? '1', 8)
    return (flags & 3) !== constants.O_WRONLY
  } catch {
    return false
  }
}

const list = (folder) => quietly(() => readdirSync(folder)) ?? []
const readlink = (path) => quietly(() => readlinkSync(path))

/** What others own, or what has gone, is as if it were not there. */
function quietly(read) {
  try {
    return read()
  } catch {
    return undefined
  }
}
