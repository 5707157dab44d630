/** The published packages' suites on the oldest Node that each promises: newer Nodes do for themselves what older ones leave to us. */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { root, run } from '../workspace.ts'
import { reporters } from './recap.ts'

const published = ['session', 'balancer'] as const

/** Runs each suite; answers whether all of them passed. */
export async function testOnOldest(env: NodeJS.ProcessEnv): Promise<boolean> {
  let passed = true
  for (const name of published) {
    const folder = join(root, 'packages', name)
    const node = nodeOf(oldestNode(folder))
    const version = execFileSync(node, ['-v'], { encoding: 'utf8' }).trim()
    console.error(`\n── packages/${name} on Node ${version}`)
    const path = [dirname(node), process.env.PATH].join(delimiter)
    const vitest = join(root, 'node_modules/vitest/vitest.mjs')
    if (!(await run(node, [vitest, 'run', '--root', folder, ...reporters], { ...env, PATH: path }))) passed = false
  }
  return passed
}

/** The first version that a package's `engines.node` names. @throws when there is none */
function oldestNode(folder: string): string {
  const { engines } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { engines: { node: string } }
  const version = /\d+\.\d+\.\d+/.exec(engines.node)?.[0]
  if (version === undefined) throw new Error(`${folder}: engines.node must name a whole version, not ${engines.node}`)
  return version
}

/** Fetches that Node for each published package. @throws when the registry has none for this platform */
export function fetchOldestNodes(): void {
  for (const name of published) nodeOf(oldestNode(join(root, 'packages', name)))
}

/** Its program, fetched into the project's cache as the npm package that holds this platform's build. */
function nodeOf(version: string): string {
  const platform = process.platform === 'win32' ? 'win' : process.platform
  const name = `node-${platform}-${process.arch}`
  const folder = join(root, '.cache', 'node', version)
  const program = join(folder, 'node_modules', name, 'bin', process.platform === 'win32' ? 'node.exe' : 'node')
  if (existsSync(program)) return program
  console.error(`Fetching Node ${version} into .cache/node …`)
  const options = ['--no-save', '--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error']
  execFileSync('npm', ['install', ...options, '--prefix', folder, `${name}@${version}`], {
    stdio: ['ignore', 'ignore', 'pipe'],
    shell: process.platform === 'win32',
  })
  return program
}
