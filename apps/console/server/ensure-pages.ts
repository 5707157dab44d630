import { globSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))

/** The page is not built, and cannot be. */
class PageError extends Error {
  override readonly name = 'PageError'
}

/**
 * Builds the page when it has not been built, or when its sources are newer. Where the builder is not installed (in a production
 * image) whatever was built before is left as it is.
 */
export async function ensurePages(onProgress: (line: string) => void = () => {}): Promise<void> {
  const built = newest(['web/dist/index.html'])
  if (built > 0 && built >= newest(['web/src/**/*', 'web/public/*', 'web/*.{html,ts}', 'wire/*.ts'])) return
  try {
    createRequire(import.meta.url).resolve('vite')
  } catch {
    return
  }
  onProgress('Building the console’s page …')
  const { build } = await import('vite')
  const folder = `${root}web/dist`
  await build({ root: `${root}/web`, configFile: `${root}/web/vite.config.ts`, logLevel: 'error' }).catch(
    (error: NodeJS.ErrnoException) => {
      if (!['EROFS', 'EACCES', 'EPERM', 'ENOSPC'].includes(error.code ?? '')) throw error
      throw new PageError(
        `The console's page cannot be written to ${folder} (${error.code}): start it once where it can`,
      )
    },
  )
}

/** When the youngest of these files was written, epoch ms; 0 when there is none. */
function newest(patterns: readonly string[]): number {
  const times = globSync(patterns, { cwd: root, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => statSync(`${entry.parentPath}/${entry.name}`).mtimeMs)
  return Math.max(0, ...times)
}
