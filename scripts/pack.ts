/**
 * `npm run pack`: the library packages as tarballs in packed/, built and with the exports that a registry would serve. Prints the line that
 * installs each one elsewhere.
 */
import { mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { packageManager, root, run } from './workspace.ts'

const folder = join(root, 'packed')
mkdirSync(folder, { recursive: true })

for (const name of ['session', 'balancer']) {
  const project = join(root, 'packages', name)
  const built = await run('node', [join(project, 'scripts/build.ts')])
  const packed =
    built &&
    (await run('npx', ['--yes', packageManager, '-C', project, 'pack', '--silent', '--pack-destination', folder]))
  if (!packed) {
    console.error(`pack: @session-cluster/${name} could not be packed: see the lines above`)
    process.exit(1)
  }
}

for (const file of readdirSync(folder)) console.log(`npm install ${join(folder, file)}`)
