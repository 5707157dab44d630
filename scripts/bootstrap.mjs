// Runs scripts/<task>.ts on the project's own Node, after installing whatever is missing.
// Plain JavaScript on purpose: the user's Node (>= 20) runs it, before anything else is there.
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const { packageManager } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
const stamp = join(root, 'node_modules', '.session-cluster-installed')
const nodeDir = join(root, 'node_modules', 'node', 'bin')
const node = join(nodeDir, process.platform === 'win32' ? 'node.exe' : 'node')

const [task, ...args] = process.argv.slice(2)
if (Number(process.versions.node.split('.')[0]) < 20) {
  fail(`Node ${process.versions.node} is too old for the set-up: Node 20 or newer is needed.`)
}
if (!task || !existsSync(join(root, 'scripts', `${task}.ts`))) fail(`bootstrap: no scripts/${task}.ts`)

install()
run()

/** A digest of everything that decides what gets installed. */
function wanted() {
  const hash = createHash('sha256')
  const manifests = ['package.json', 'pnpm-lock.yaml', 'pnpm-workspace.yaml']
  for (const group of ['apps', 'packages']) {
    const folder = join(root, group)
    if (existsSync(folder)) manifests.push(...readdirSync(folder).map((name) => join(group, name, 'package.json')))
  }
  manifests.push(join('bench', 'package.json'), join('scripts', 'package.json'))
  for (const file of manifests)
    if (existsSync(join(root, file))) hash.update(file).update(readFileSync(join(root, file)))
  return hash.digest('hex')
}

function install() {
  const digest = wanted()
  if (existsSync(node) && existsSync(stamp) && readFileSync(stamp, 'utf8') === digest) return
  console.error('Setting up: installing Node and the packages into ./node_modules (about 15 s, once) …')
  const command = [
    '--yes',
    packageManager,
    'install',
    existsSync(join(root, 'pnpm-lock.yaml')) ? '--frozen-lockfile' : '',
  ]
  const env = { ...process.env, npm_config_loglevel: 'error' }
  const { status } = spawnSync('npx', command.filter(Boolean), {
    cwd: root,
    stdio: ['ignore', 2, 2],
    env,
    shell: process.platform === 'win32',
  })
  if (status !== 0)
    fail(`Installing failed: see the lines above. To try by hand: npx ${command.filter(Boolean).join(' ')}`)
  mkdirSync(dirname(stamp), { recursive: true })
  writeFileSync(stamp, digest)
}

function run() {
  const path = [nodeDir, join(root, 'node_modules', '.bin'), process.env.PATH].join(delimiter)
  const child = spawn(node, [join(root, 'scripts', `${task}.ts`), ...args], {
    stdio: 'inherit',
    env: { ...process.env, PATH: path },
  })
  // A terminal's Ctrl-C reaches the child as well; tasks take the second signal as the same wish.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  child.on('exit', (code, signal) => process.exit(code ?? 128 + ({ SIGINT: 2, SIGTERM: 15, SIGKILL: 9 }[signal] ?? 1)))
}

function fail(message) {
  console.error(message)
  process.exit(1)
}
