// What a command cannot do without: folders that can be written to. Said in one line, before anything starts.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/**
 * Why nothing can be written below this folder, as `ENOSPC: no space left on device`; `undefined` when something can.
 * @param {string} folder
 */
export function unwritable(folder) {
  let made
  try {
    made = mkdtempSync(join(folder, '.session-cluster-'))
    // A full disk still makes folders.
    writeFileSync(join(made, 'page'), Buffer.alloc(4096))
    return undefined
  } catch (error) {
    return `${error.message}`.split(',')[0]
  } finally {
    if (made) rmSync(made, { recursive: true, force: true })
  }
}

/** The line for a folder for temporary files that is not there, not ours, or full; `undefined` when all is well. */
export function temporaryFault() {
  const why = unwritable(tmpdir())
  return (
    why &&
    `TMPDIR: nothing can be written to ${tmpdir()} (${why}); set it to a folder that can be written to, and has room`
  )
}

/**
 * The line for a set-up that failed for want of room, or of a right; `undefined` when it was something else.
 * @param {string} root
 * @param {string} output what the installation printed
 */
export function setUpFault(root, output) {
  const text = output.replace(/\s+/g, ' ') // pnpm breaks its lines.
  const why = /ENOSPC|no space left on device/i.test(text)
    ? 'the disk is full'
    : /EROFS|read-only file system/i.test(text)
      ? 'it is read-only'
      : /EACCES|EPERM|permission denied/i.test(text)
        ? 'this user may not write to it'
        : undefined
  return (
    why &&
    `Setting up needs about 600 MB in ${root}, and ${why}: make room, or copy the project to a folder of your own`
  )
}
