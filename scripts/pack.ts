/**
 * `npm run pack`: the library packages as tarballs in packed/, built and with the exports that a registry would serve. Prints the line that
 * installs each one elsewhere. `node scripts/pack.ts session FOLDER` packs one into another folder, as its tests do.
 */
import { mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { packedFaults } from './pack/faults.ts'
import { packageManager, root, run } from './workspace.ts'

const [only, folder = join(root, 'packed')] = process.argv.slice(2)
mkdirSync(folder, { recursive: true })

for (const name of only === undefined ? ['session', 'balancer'] : [only]) {
  const project = join(root, 'packages', name)
  const pack = ['-C', project, `--config.pnpmfile=${join(root, 'scripts/pack/hooks.mjs')}`, 'pack', '--silent']
  const packed =
    (await run('node', [join(project, 'scripts/build.ts')])) &&
    (await run('npx', ['--yes', packageManager, ...pack, '--pack-destination', folder]))
  const faults = packed
    ? readdirSync(folder)
        .filter(isOf(name))
        .flatMap((file) => packedFaults(join(folder, file)))
    : []
  for (const fault of faults) console.error(`  ${fault}`)
  if (packed && faults.length === 0) continue
  console.error(`pack: @session-cluster/${name} could not be packed: see the lines above`)
  process.exit(1)
}

for (const file of readdirSync(folder)) if (file.endsWith('.tgz')) console.log(`npm install ${join(folder, file)}`)

function isOf(name: string) {
  return (file: string) => file.startsWith(`session-cluster-${name}-`) && file.endsWith('.tgz')
}
