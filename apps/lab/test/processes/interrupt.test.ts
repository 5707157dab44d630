import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import type { Report } from '../../src/results.ts'
import { outFolder } from '../out-folder.ts'

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url))

/** A run as a user starts it. Its TMPDIR, which every child inherits, tells its processes from all others. */
async function startRun(ids: readonly string[]) {
  const out = await outFolder()
  const child = spawn(process.execPath, [main, 'run', ...ids, '--out', out.path], {
    env: { ...process.env, TMPDIR: out.path },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let stdout = ''
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk
  })
  const readReport = async () => JSON.parse(await readFile(join(out.path, 'report.json'), 'utf8')) as Report
  return {
    child,
    out: out.path,
    printed: () => stdout,
    readReport,
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL')
      await out[Symbol.asyncDispose]()
    },
  }
}

/** The process ids, the run's own aside, that have this TMPDIR in their environment (Linux). */
async function childrenOf(out: string, own: number | undefined): Promise<string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name) && Number(name) !== own)
  const environments = await Promise.all(
    pids.map((pid) => readFile(join('/proc', pid, 'environ'), 'utf8').catch(() => '')),
  )
  return pids.filter((_, index) => environments[index]?.split('\0').includes(`TMPDIR=${out}`))
}

it.runIf(process.platform === 'linux')('Ctrl-C keeps what is finished, answers 130 and leaves no child', async () => {
  await using run = await startRun(['C1', 'C3'])
  await expect.poll(run.printed, { timeout: 120_000 }).toContain('C1')
  await expect
    .poll(async () => (await childrenOf(run.out, run.child.pid)).length, { timeout: 60_000 })
    .toBeGreaterThan(4)
  const ended = once(run.child, 'exit')
  // As from a terminal: npm and the set-up pass on what the lab has had already.
  run.child.kill('SIGINT')
  run.child.kill('SIGTERM')
  expect(await ended).toEqual([130, null])
  expect((await run.readReport()).results.map(({ id, verdict }) => `${id} ${verdict}`)).toEqual([
    'C1 holds',
    'C3 interrupted',
  ])
  expect(await readFile(join(run.out, 'report.html'), 'utf8')).toContain('interrupted')
  await expect.poll(() => childrenOf(run.out, run.child.pid), { timeout: 10_000 }).toEqual([])
})

// C3 has two clusters, X2 a primary, replicas and sentinels, X7 the processes that hold sessions.
it.runIf(process.platform === 'linux').each([
  ['C3', 8],
  ['X2', 6],
  ['X7', 2],
])('no child of %s survives when the run is killed outright', async (id, children) => {
  await using run = await startRun([id])
  const count = async () => (await childrenOf(run.out, run.child.pid)).length
  await expect.poll(count, { timeout: 120_000 }).toBeGreaterThanOrEqual(children)
  const ended = once(run.child, 'exit')
  run.child.kill('SIGKILL')
  await ended
  await expect.poll(() => childrenOf(run.out, run.child.pid), { timeout: 60_000 }).toEqual([])
})

it('ends without a word when nobody reads on', async () => {
  const child = spawn(process.execPath, [main, 'list'], { stdio: ['ignore', 'pipe', 'pipe'] })
  child.stdout.destroy()
  let complaints = ''
  child.stderr.on('data', (chunk: Buffer) => {
    complaints += chunk
  })
  expect(await once(child, 'close')).toEqual([0, null])
  expect(complaints).toBe('')
})

it.runIf(process.platform === 'linux')(
  'a run that nobody reads on ends in order and keeps what is finished',
  async () => {
    await using run = await startRun(['C1', 'C3'])
    run.child.stdout.destroy()
    expect(await once(run.child, 'exit')).toEqual([130, null])
    expect((await run.readReport()).results[0]?.verdict).toBe('holds')
    await expect.poll(() => childrenOf(run.out, run.child.pid), { timeout: 10_000 }).toEqual([])
  },
)
