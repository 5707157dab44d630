// Runs scripts/<task>.ts on the project's own Node, after installing whatever is missing.
// Plain JavaScript on purpose: the user's Node (>= 20) runs it, before anything else is there.
import { spawn } from 'node:child_process'
import { createHash, randomUUID } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { constants } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { whenOrphaned } from './run/orphaned.mjs'
import { setUpFault, temporaryFault, unwritable } from './run/surroundings.mjs'
import { insteadOf } from './run/usage.mjs'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const { packageManager } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
const stamp = join(root, 'node_modules', '.session-cluster-installed')
const nodeDir = join(root, 'node_modules', 'node', 'bin')
const node = join(nodeDir, process.platform === 'win32' ? 'node.exe' : 'node')

const [task, ...args] = process.argv.slice(2)
if (Number(process.versions.node.split('.')[0]) < 20) {
  fail(`Node ${process.versions.node} is too old for the set-up: Node 20 or newer is needed.`)
}
const instead = insteadOf(task ?? '', args)
if (instead) {
  console[instead.exitCode === 0 ? 'log' : 'error'](instead.text)
  process.exit(instead.exitCode)
}

const temporary = temporaryFault()
if (temporary) fail(temporary)
await install()
run()

/** A digest of everything that decides what gets installed. */
function wanted() {
  const hash = createHash('sha256').update(`${process.platform} ${process.arch}`)
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

async function install() {
  const digest = wanted()
  if (existsSync(node) && existsSync(stamp) && readFileSync(stamp, 'utf8') === digest) return
  const locked = unwritable(root)
  if (locked) fail(setUpFault(root, locked) ?? locked)
  // Another package manager has taken away what pnpm had linked, and pnpm would believe its own note that all is in place.
  rmSync(join(root, 'node_modules', '.modules.yaml'), { force: true })
  console.error('Setting up, once: Node and the packages go into ./node_modules (about 600 MB on disk) …')
  const command = ['--yes', packageManager, 'install', '--reporter=append-only']
  if (existsSync(join(root, 'pnpm-lock.yaml'))) command.push('--frozen-lockfile')
  const { code, output } = await quietly('npx', command)
  if (code !== 0) {
    const fault = setUpFault(root, output)
    if (fault) fail(fault)
    console.error(output)
    fail(`Installing failed: see the lines above. To try by hand: npx ${command.join(' ')}`)
  }
  mkdirSync(dirname(stamp), { recursive: true })
  writeFileSync(stamp, digest)
}

/** Runs a program; keeps what it prints for the case that it fails, and shows only its progress, in one line of a terminal. */
function quietly(program, args) {
  const env = { ...process.env, npm_config_loglevel: 'error', CI: process.env.CI ?? 'true' }
  const child = spawn(program, args, { cwd: root, env, shell: process.platform === 'win32' })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      output += text
      const progress = /Progress: [^\n]*/.exec(text)?.[0]
      if (progress && process.stderr.isTTY) process.stderr.write(`\r\x1b[K${progress}`)
    })
  }
  return new Promise((resolve) => {
    child.on('error', (error) => resolve({ code: 1, output: error.message }))
    child.on('close', (code) => {
      if (process.stderr.isTTY) process.stderr.write('\r\x1b[K')
      resolve({ code, output })
    })
  })
}

function run() {
  const path = [nodeDir, join(root, 'node_modules', '.bin'), process.env.PATH].join(delimiter)
  const command = [join(root, 'scripts/run/task.mjs'), join(root, 'scripts', `${task}.ts`), ...args]
  // The fourth stream is a life line: the child reads its end when this process has gone, however that came.
  const child = spawn(node, command, {
    stdio: ['inherit', 'inherit', 'inherit', 'pipe'],
    // Node keeps what it makes of the sources: a process starts in half the time, and a demo has twenty.
    env: {
      NODE_COMPILE_CACHE: join(root, 'node_modules', '.cache', 'compiled'),
      ...process.env,
      PATH: path,
      SESSION_CLUSTER_TASK: randomUUID(),
    },
  })
  whenOrphaned(() => process.exit(129))
  // A terminal's Ctrl-C reaches the child as well; tasks take the second signal as the same wish.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  child.on('error', (error) => fail(`${node} cannot be run (${error.message}): delete node_modules and try again`))
  child.on('exit', (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 1)))
}

function fail(message) {
  console.error(message)
  process.exit(1)
}
