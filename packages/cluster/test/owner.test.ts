import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, test } from 'vitest'
import { newRun } from '../src/environment.ts'
import { testCluster } from './harness.ts'
import { survivors } from './survivors.ts'

/** The promise is 5 s; a machine that is busy with other things gets twice that before the test gives up. */
const BOUND_MS = 10_000
const owners: ChildProcess[] = []

afterEach(() => {
  for (const owner of owners.splice(0)) owner.kill('SIGKILL')
})

/** A process that owns a cluster; resolves when it has said a line that `until` accepts. */
async function startOwner(env: Record<string, string>, until: (line: Record<string, unknown>) => boolean) {
  const owner = spawn(process.execPath, [fileURLToPath(new URL('./fixtures/owner.ts', import.meta.url))], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  owners.push(owner)
  for await (const text of createInterface({ input: owner.stdout })) {
    const line = JSON.parse(text) as Record<string, unknown>
    if (until(line)) return { owner, line }
  }
  throw new Error('the owner ended before it was killed')
}

/** Kills the owner outright and answers how long it took until nothing of its cluster was left. */
async function killAndWait(owner: ChildProcess, alive: () => unknown[]): Promise<number> {
  expect(alive().length).toBeGreaterThan(0)
  const killedAt = performance.now()
  owner.kill('SIGKILL')
  await once(owner, 'exit')
  await expect.poll(alive, { timeout: BOUND_MS, interval: 10 }).toEqual([])
  return performance.now() - killedAt
}

describe('the owner of a cluster is killed outright', () => {
  test.each([
    ['with all running', {}],
    ['with a node and Redis frozen', { FREEZE: '1' }],
  ])('%s: nothing is left', async (how, env: Record<string, string>) => {
    const { owner, line } = await startOwner(env, (said) => typeof said.ready === 'string')
    const run = String(line.ready)
    // Three nodes, the balancer, Redis, the supervisor.
    expect(survivors(run)).toHaveLength(6)
    const folders = redisFolders(run)
    expect(folders).toHaveLength(1)
    const tookMs = await killAndWait(owner, () => survivors(run))
    console.log(`Owner killed ${how}: all gone after ${tookMs.toFixed(0)} ms (promised: 5000)`)
    await expect.poll(() => folders.filter((folder) => existsSync(folder)), { timeout: BOUND_MS }).toEqual([])
  })

  test.each(['redis', 'node a', 'node c', 'balancer'])(
    'in the middle of the start, when %s is starting: nothing is left',
    async (part) => {
      const run = newRun()
      const { owner } = await startOwner(
        { CLUSTER_RUN: run },
        (said) => said.part === part && said.state === 'starting',
      )
      await killAndWait(owner, () => survivors(run))
    },
  )
})

test('the supervisor is killed: its children are killed by their owner', async () => {
  await using cluster = await testCluster({ mode: 'clustered', nodes: 2 })
  const supervisor = survivors(cluster.run).find(({ command }) => command.includes('supervisor'))
  if (!supervisor) throw new Error('no supervisor found')
  process.kill(supervisor.pid, 'SIGKILL')
  await expect.poll(() => survivors(cluster.run), { timeout: BOUND_MS }).toEqual([])
  await expect.poll(() => cluster.node('a').state).toBe('crashed')
})

/** The working folders of a run's redis-servers: the directories that the supervisor has to remove. */
function redisFolders(run: string): string[] {
  const commands = survivors(run).map(({ command }) => /--dir (\S+)/.exec(command)?.[1])
  return commands.filter((folder): folder is string => folder?.startsWith(tmpdir()) ?? false)
}
