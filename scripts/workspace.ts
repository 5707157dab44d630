/** Facts about this checkout, and how a script runs another program in it. */
import { execFileSync, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Absolute path of the checkout. */
export const root = join(dirname(fileURLToPath(import.meta.url)), '..')

/** The pinned pnpm, as `npx` and turbo want it: `pnpm@x.y.z`. */
export const { packageManager } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  packageManager: string
}

/** Runs a program at the root with this terminal; answers whether it exited 0. */
export function run(program: string, args: string[], env: NodeJS.ProcessEnv = {}): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: root,
      stdio: ['ignore', 'inherit', 'inherit'],
      env: { ...process.env, npm_config_loglevel: 'error', ...env },
      shell: process.platform === 'win32',
    })
    child.on('error', reject)
    child.on('exit', (code) => resolve(code === 0))
  })
}

/** Runs a task in every package that has it. Turbo calls pnpm by name, so the pinned one goes first on PATH. */
export function turbo(task: string, args: string[], env: NodeJS.ProcessEnv = {}): Promise<boolean> {
  return run('turbo', ['run', task, ...args], { ...env, PATH: [pnpmFolder(), process.env.PATH].join(delimiter) })
}

/** Where npx keeps the pinned pnpm. Asked for by a child, because npx also leaves settings behind that would mislead a later npx. */
function pnpmFolder(): string {
  const code = 'process.env.PATH.split(require("node:path").delimiter)[0]'
  const args = ['--yes', `--package=${packageManager}`, '--', 'node', '-p', code]
  return execFileSync('npx', args, { encoding: 'utf8', shell: process.platform === 'win32' }).trim()
}
