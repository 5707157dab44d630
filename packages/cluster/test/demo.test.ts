import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { lessons, modes } from '@session-cluster/contract'
import { ask, seededRandom, VirtualUser } from '@session-cluster/visitor'
import { describe, expect, test } from 'vitest'
import { baseEnvironment, newRun } from '../src/environment.ts'
import { freePort } from '../src/index.ts'
import { projectRoot } from '../src/project.ts'
import { demoPorts } from './demo-ports.ts'
import { survivors } from './survivors.ts'

/** A script of the root as `npm run` starts it, and what it has written. */
class Script implements AsyncDisposable {
  readonly run = newRun()
  stdout = ''
  stderr = ''
  readonly process: ChildProcess
  readonly exited: Promise<unknown>

  constructor(name: string, env: Record<string, string>) {
    this.process = spawn(process.execPath, [join(projectRoot, 'scripts', `${name}.ts`)], {
      env: { ...baseEnvironment(this.run), ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    for (const stream of ['stdout', 'stderr'] as const) {
      this.process[stream]?.setEncoding('utf8').on('data', (text: string) => {
        this[stream] += text
      })
    }
    this.exited = once(this.process, 'close').then(([code]) => code)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.process.kill('SIGKILL')
    await this.exited
    await expect.poll(() => survivors(this.run), { timeout: 10_000 }).toEqual([])
  }
}

describe('the demo', () => {
  test.each(modes)(
    'MODE=%s: prints addresses and three things to try; an interrupt stops all and says so',
    async (mode) => {
      const ports = await demoPorts()
      await using demo = new Script('demo', { MODE: mode, ...ports })
      await expect.poll(() => demo.stdout).toContain('Ctrl-C stops everything.')
      expect(demo.stdout).toContain(`mode ${mode}`)
      expect(demo.stdout).toMatch(/^ {2}1\. [\s\S]*^ {2}2\. [\s\S]*^ {2}3\. /m)
      const user = new VirtualUser({
        name: 'reader',
        base: `http://localhost:${ports.BALANCER_PORT}`,
        random: seededRandom(1),
      })
      expect(demo.stdout).toContain(user.base)
      await user.save()
      // No terminal: plain text.
      expect(demo.stdout + demo.stderr).not.toContain('\u001b')
      demo.process.kill('SIGINT')
      expect(await demo.exited).toBe(0)
      expect(demo.stderr).toContain('Stopped: nothing is left running.')
      expect(survivors(demo.run)).toEqual([])
    },
  )

  test('without a MODE starts all three side by side and serves the console', async () => {
    const ports = await demoPorts(3)
    await using demo = new Script('demo', ports)
    await expect.poll(() => demo.stdout).toContain('Ctrl-C stops everything.')
    for (const [index, mode] of lessons.entries()) {
      expect(demo.stdout).toContain(
        `  ${mode}\n    balancer  http://localhost:${Number(ports.BALANCER_PORT) + 100 * index}`,
      )
    }
    const page = await ask(`http://localhost:${ports.CONSOLE_PORT}/`)
    expect([page.status, page.body]).toEqual([200, expect.stringContaining('<title>')])
  })

  test('says when a node was killed; the line that it gave brings the node back', async () => {
    const ports = await demoPorts()
    await using demo = new Script('demo', { MODE: 'clustered', ...ports })
    await expect.poll(() => demo.stdout).toContain('Ctrl-C stops everything.')
    const user = new VirtualUser({ name: 'reader', base: `http://127.0.0.1:${ports.PORT}`, random: seededRandom(2) })
    await user.save()
    process.kill(Number(/server b .*process (\d+)/.exec(demo.stdout)?.[1]), 'SIGKILL')
    await expect.poll(() => demo.stderr).toContain('node b (clustered) has ended')
    const line = /MODE=clustered REDIS_URL=(\S+) NODE_NAME=b PORT=(\d+) npm run server/.exec(demo.stdout)
    const [, REDIS_URL = '', PORT = ''] = line ?? []
    await using node = new Script('server', { MODE: 'clustered', REDIS_URL, PORT, ADMIN_PORT: '0', NODE_NAME: 'b' })
    await expect.poll(() => node.stdout).toContain('"ready"')
    expect((await user.look(`http://127.0.0.1:${PORT}`)).outcome).toBe('found')
  })

  test.each([
    ['PORT', 0],
    ['PORT', 2],
    ['BALANCER_PORT', 0],
    ['ADMIN_PORT', 0],
    ['CONSOLE_PORT', 0],
  ] as const)(
    'with a port of %s (+%i) taken says one line that names the variable, and exits with 1',
    async (variable, offset) => {
      const ports = await demoPorts()
      const port = Number(ports[variable]) + offset
      const holder = createServer().listen(port, '127.0.0.1')
      await once(holder, 'listening')
      await using demo = new Script('demo', { MODE: 'local', ...ports })
      expect(await demo.exited).toBe(1)
      holder.close()
      expect(demo.stderr.trimEnd()).not.toContain('\n')
      expect(demo.stderr).toContain(`Port ${port} `)
      expect(demo.stderr).toContain(`set ${variable} `)
    },
  )

  test.each([
    ['demo', { MODE: 'hybird' }, 'use local, sticky, clustered, hybrid or redis'],
    ['demo', { PORT: '80a' }, 'PORT: "80a" is not a whole number from 1 to 64333'],
    ['demo', { BALANCER_PORT: '0' }, 'BALANCER_PORT: "0" is not a whole number from 1 to 65335'],
    ['server', { MODE: 'clustered' }, 'needs REDIS_URL'],
  ])('%s with %o says one line and exits with 1', async (name, env: Record<string, string>, message) => {
    await using script = new Script(name, env)
    expect(await script.exited).toBe(1)
    expect(script.stderr.trimEnd()).not.toContain('\n')
    expect(script.stderr).toContain(message)
  })
})

test('a node and a balancer of one’s own, started by hand, work together', async () => {
  const [PORT, BALANCER_PORT] = [String(await freePort()), String(await freePort())]
  await using node = new Script('server', { PORT, ADMIN_PORT: '0' })
  await using balancer = new Script('balancer', {
    BALANCER_PORT,
    ADMIN_PORT: '0',
    UPSTREAMS: `a=http://127.0.0.1:${PORT}`,
  })
  for (const script of [node, balancer]) await expect.poll(() => script.stdout).toContain('"ready"')
  const user = new VirtualUser({ name: 'reader', base: `http://127.0.0.1:${BALANCER_PORT}`, random: seededRandom(3) })
  await expect.poll(() => user.save().then(({ status }) => status, String)).toBe(200)
  expect((await user.visit()).outcome).toBe('found')
  for (const script of [balancer, node]) {
    script.process.kill('SIGTERM')
    expect(await script.exited).toBe(0)
  }
})
