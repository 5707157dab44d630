import { fileURLToPath } from 'node:url'
import { build } from 'vite'

/** Builds the page once before the tests, so that they never look at yesterday's. */
export default async function buildPages(): Promise<void> {
  const root = fileURLToPath(new URL('../web', import.meta.url))
  await build({ root, configFile: `${root}/vite.config.ts`, logLevel: 'error' })
}
