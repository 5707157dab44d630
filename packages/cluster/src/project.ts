import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The repository's root. */
export const projectRoot = fileURLToPath(new URL('../../../', import.meta.url))

/** Where the project keeps what it can make again: nothing outside of the repository is written to. */
export const cacheRoot = join(projectRoot, '.cache')
