import { access, chmod, mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { assertUsable, SERVER_NAMES } from './on-path.ts'

/** Fetches packages into `work` and unpacks them below `root`, as if it were `/`. */
export type Unpack = (work: string, root: string) => Promise<void>

/** Everything of a copy lies in this folder of the cache; its program is `bin/redis-server`. */
const COPY = 'copy'

/** The copy made earlier, if it still runs (an upgrade of the system may have taken a library from under it). */
export async function earlierCopy(cacheDir: string): Promise<string | undefined> {
  const path = launcher(join(cacheDir, COPY))
  return assertUsable(path).then(
    () => path,
    () => undefined,
  )
}

/**
 * Makes a copy and answers its program's path. It appears under its final name only when it is complete and has run once,
 * so that an interrupted attempt is never taken for a copy, and two attempts at once do not meet.
 */
export async function makeCopy(cacheDir: string, unpack: Unpack): Promise<string> {
  await mkdir(cacheDir, { recursive: true })
  const work = await mkdtemp(join(cacheDir, 'making-'))
  try {
    const copy = join(work, COPY)
    const root = join(copy, 'root')
    await mkdir(root, { recursive: true })
    await unpack(work, root)
    await writeLauncher(copy, root)
    await assertUsable(launcher(copy))
    return await publish(copy, join(cacheDir, COPY))
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

function launcher(copy: string): string {
  return join(copy, 'bin', 'redis-server')
}

/** A program that starts the unpacked server with the unpacked libraries, in the same process. */
async function writeLauncher(copy: string, root: string): Promise<void> {
  const program = await firstExisting(
    root,
    SERVER_NAMES.flatMap((name) => [`usr/bin/${name}`, `bin/${name}`]),
  )
  if (!program) throw new Error('the fetched packages hold no redis-server')
  const libraries = (await libraryFolders(root)).map((folder) => `$root/${folder}:`).join('')
  const lines = [
    '#!/bin/sh',
    'root=$(cd "$(dirname "$0")/../root" && pwd)',
    `LD_LIBRARY_PATH="${libraries}$LD_LIBRARY_PATH"`,
    // An empty entry would mean the working directory.
    `LD_LIBRARY_PATH="\${LD_LIBRARY_PATH%:}" exec "$root/${program}" "$@"`,
  ]
  await mkdir(dirname(launcher(copy)))
  await writeFile(launcher(copy), `${lines.join('\n')}\n`)
  await chmod(launcher(copy), 0o755)
}

/** The folders below `root` that hold shared libraries, relative to it. */
async function libraryFolders(root: string): Promise<string[]> {
  const entries = await readdir(root, { recursive: true })
  const libraries = entries.filter((entry) => /(^|\/)(lib|lib64)\/.*\.so(\.\d+)*$/.test(entry))
  return [...new Set(libraries.map(dirname))]
}

async function firstExisting(root: string, candidates: readonly string[]): Promise<string | undefined> {
  for (const candidate of candidates) {
    const exists = await access(join(root, candidate)).then(
      () => true,
      () => false,
    )
    if (exists) return candidate
  }
  return undefined
}

/** Puts the copy in its place. One that another process put there meanwhile, and that works, is as good and stays. */
async function publish(copy: string, final: string): Promise<string> {
  try {
    await rename(copy, final)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'ENOTEMPTY' && code !== 'EEXIST') throw error
    const theirs = await assertUsable(launcher(final)).catch((reason: unknown) => reason)
    if (theirs === undefined) return launcher(final)
    await rm(final, { recursive: true, force: true })
    await rename(copy, final)
  }
  return launcher(final)
}
