import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { endWithUs } from '../measure/stop-child.ts'
import type { Job, JobResult } from './job.ts'

/** The load in a process of its own. */
export interface Generator extends AsyncDisposable {
  readonly pid: number
  /** Does one job. Rejects when any answer was wrong or missing: figures of a failing server mean nothing. */
  run(job: Job): Promise<JobResult>
}

/** Starts the load's process; it ends when disposed, or when this process goes away. */
export async function startGenerator(): Promise<Generator> {
  const child = endWithUs(fork(fileURLToPath(new URL('main.ts', import.meta.url)), { stdio: ['ignore', 2, 2, 'ipc'] }))
  await message(child)
  return {
    pid: child.pid as number,
    async run(job) {
      child.send(job)
      const result = (await message(child)) as JobResult
      if (result.errors > 0 || result.completed !== job.requests) {
        throw new Error(
          `${result.errors} errors, ${result.completed} of ${job.requests} answered: ${result.firstError}`,
        )
      }
      return result
    },
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null || child.signalCode !== null) return
      child.disconnect()
      await once(child, 'exit')
    },
  }
}

/** The next thing that a child says; rejects when it ends instead. */
export async function message(child: ChildProcess): Promise<unknown> {
  const settled = new AbortController()
  const { signal } = settled
  try {
    return await Promise.race([
      once(child, 'message', { signal }).then(([value]) => value as unknown),
      once(child, 'exit', { signal }).then(([code, by]) => {
        throw new Error(`A child process ended (${code ?? by}) instead of answering.`)
      }),
    ])
  } finally {
    settled.abort()
  }
}
