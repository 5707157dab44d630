import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect } from 'vitest'

/** One node as a process of its own, killed at the latest when the test ends. */
export interface TestProcess extends AsyncDisposable {
  child: ChildProcess
  /** All that it wrote so far. */
  out: { stdout: string; stderr: string }
  /** Its log lines so far. */
  lines(): Record<string, unknown>[]
  /** Resolves when it says that it is ready. */
  ready(): Promise<{ url: string; adminUrl: string }>
  /** Resolves when it has ended. */
  exit(): Promise<{ code: number | null; signal: NodeJS.Signals | null }>
}

/** Starts `main.ts` with these variables and nothing else of the test's environment that could configure it. */
export function testProcess(env: Record<string, string>): TestProcess {
  const child = spawn(process.execPath, [new URL('main.ts', import.meta.url).pathname], {
    env: {
      PATH: process.env.PATH,
      NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE,
      PORT: '0',
      ADMIN_PORT: '0',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const out = { stdout: '', stderr: '' }
  child.stdout.setEncoding('utf8').on('data', (part: string) => {
    out.stdout += part
  })
  child.stderr.setEncoding('utf8').on('data', (part: string) => {
    out.stderr += part
  })
  const closed = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>
  const lines = () =>
    out.stdout
      .split('\n')
      .filter((line) => line.startsWith('{') && line.endsWith('}'))
      .map((line) => JSON.parse(line))
  return {
    child,
    out,
    lines,
    async ready() {
      await expect
        .poll(() => lines().filter(({ msg }) => msg === 'ready').length + (child.exitCode ?? 0), { timeout: 30_000 })
        .toBe(1)
      const ready = lines().find(({ msg }) => msg === 'ready')
      if (!ready) throw new Error(`the node ended: ${out.stderr}`)
      return { url: String(ready.url), adminUrl: String(ready.adminUrl) }
    },
    async exit() {
      const [code, signal] = await closed
      return { code, signal }
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      await closed
    },
  }
}
