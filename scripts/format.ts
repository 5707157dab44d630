/** `npm run format`: mends what Biome can mend by itself. */
import { run } from './workspace.ts'

process.exitCode = (await run('biome', ['check', '--write', '.'])) ? 0 : 1
