/** Facts about this checkout, and how a script runs another program in it. */
import { execFileSync, spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Absolute path of the checkout. */
export const root = join(dirname(fileURLToPath(import.meta.url)), '..')

/** The pinned pnpm, as `npx` and turbo want it: `pnpm@x.y.z`. */
export const { packageManager } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  packageManager: string
}

export interface RunOptions {
  /** @default the root of the checkout */
  cwd?: string
  /** Added to this process's own. */
  env?: NodeJS.ProcessEnv
  /** Takes what the program prints. @default this process's own output */
  print?: (text: string) => void
}

/** Runs a program; answers whether it exited 0. */
export function run(program: string, args: readonly string[], options: RunOptions = {}): Promise<boolean> {
  const { cwd = root, env = {}, print } = options
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd,
      stdio: ['ignore', print ? 'pipe' : 'inherit', print ? 'pipe' : 'inherit'],
      env: { ...process.env, npm_config_loglevel: 'error', ...env },
      shell: process.platform === 'win32',
    })
    for (const stream of [child.stdout, child.stderr]) stream?.setEncoding('utf8').on('data', (text) => print?.(text))
    child.on('error', reject)
    child.on('close', (code) => resolve(code === 0))
  })
}

/** A package of this checkout. */
export interface Package {
  /** Its folder's name. */
  name: string
  folder: string
  scripts: Record<string, string>
}

/** All of them, by the globs of the workspace: `apps/*`, `packages/*`, `bench`, `scripts`. */
export function packages(): Package[] {
  const inside = ['apps', 'packages'].flatMap((group) =>
    readdirSync(join(root, group)).map((name) => join(group, name)),
  )
  return [...inside, 'bench', 'scripts'].flatMap((path) => {
    const [folder, manifest] = [join(root, path), join(root, path, 'package.json')]
    if (!existsSync(manifest)) return []
    const { scripts = {} } = JSON.parse(readFileSync(manifest, 'utf8')) as Partial<Package>
    return [{ name: path.startsWith('apps/') ? path : basename(folder), folder, scripts }]
  })
}

/** Runs a task in every package that has it. Turbo calls pnpm by name, so the pinned one goes first on PATH. */
export function turbo(task: string, args: readonly string[]): Promise<boolean> {
  return run('turbo', ['run', task, ...args], { env: { PATH: [pnpmFolder(), process.env.PATH].join(delimiter) } })
}

/** Where npx keeps the pinned pnpm. Asked for by a child, because npx also leaves settings behind that would mislead a later npx. */
function pnpmFolder(): string {
  const code = 'process.env.PATH.split(require("node:path").delimiter)[0]'
  const args = ['--yes', `--package=${packageManager}`, '--', 'node', '-p', code]
  return execFileSync('npx', args, { encoding: 'utf8', shell: process.platform === 'win32' }).trim()
}
