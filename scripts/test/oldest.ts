/** The published packages' tests on the oldest Node that each promises: newer Nodes do for themselves what older ones leave to us. */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { root, run } from '../workspace.ts'
import { reporters } from './recap.ts'
import type { Task } from './task.ts'

/**
 * What is run there of each package: whatever reaches Node's http, net, tls, dns, crypto, v8 or streams, and the packed package itself. Rules
 * that are computed, and what Redis answers, are the same on any Node. `TEST_BUDGET=full` runs all of it.
 */
const touchingNode = {
  session: [
    ...['src/carrier/', 'src/codec/codec', 'src/frameworks/', 'src/observe/', 'src/request/', 'src/sync/'],
    ...['src/security', 'src/session', 'src/store/memory', 'src/store/redis/connection', 'test/'],
  ],
  balancer: [
    ...[
      'src/discovery/dns',
      'src/engines/',
      'src/health/',
      'test/cases/proxying',
      'test/cases/smuggling',
      'test/cases/health',
    ],
    ...[
      'test/admin',
      'test/bounds',
      'test/bytes',
      'test/closing',
      'test/nonsense',
      'test/package',
      'test/payloads',
      'test/pipelining',
    ],
    ...['test/retry', 'test/semantics', 'test/streaming', 'test/tls', 'test/trailers', 'test/upgrades', 'test/uploads'],
  ],
}

/** One task for each package. */
export function oldestNodes(): Task[] {
  return Object.entries(touchingNode).map(([name, files]) => {
    const folder = join(root, 'packages', name)
    const chosen = process.env.TEST_BUDGET === 'full' ? [] : files
    const vitest = [join(root, 'node_modules/vitest/vitest.mjs'), 'run', ...chosen, ...reporters]
    return {
      name,
      run: ({ env, print }) => {
        const node = nodeOf(oldestNode(folder))
        print?.(`Node ${execFileSync(node, ['-v'], { encoding: 'utf8' })}`)
        const path = [dirname(node), process.env.PATH].join(delimiter)
        return run(node, vitest, { cwd: folder, env: { ...env, PATH: path }, ...(print && { print }) })
      },
    }
  })
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
  for (const name of Object.keys(touchingNode)) nodeOf(oldestNode(join(root, 'packages', name)))
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
