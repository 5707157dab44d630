import { execFile } from 'node:child_process'
import { access, constants } from 'node:fs/promises'
import { delimiter, join } from 'node:path'

/** Where and how long a {@link run} command may work. */
export interface RunOptions {
  readonly cwd?: string
  readonly env?: NodeJS.ProcessEnv
  /** @default 120_000 */
  readonly timeoutMs?: number
}

/** Runs a command to its end and answers its stdout; a failure throws with the last line that it wrote on stderr. */
export function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
  const { cwd, env = process.env, timeoutMs = 120_000 } = options
  const settings = { cwd, env: { ...env, LC_ALL: 'C' }, timeout: timeoutMs, maxBuffer: 64 * 1024 * 1024 }
  return new Promise((resolve, reject) => {
    execFile(command, args, settings, (error, stdout, stderr) => {
      if (!error) return resolve(stdout)
      const last = stderr.trim().split('\n').at(-1)
      reject(new Error(`${command} ${args[0] ?? ''}: ${last || error.message}`, { cause: error }))
    })
  })
}

/** The full path of a command on PATH, or `undefined`. */
export async function which(command: string, env: NodeJS.ProcessEnv = process.env): Promise<string | undefined> {
  for (const folder of (env.PATH ?? '').split(delimiter).filter(Boolean)) {
    const path = join(folder, command)
    if (await isExecutable(path)) return path
  }
  return undefined
}

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  )
}
