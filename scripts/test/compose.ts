/**
 * Brings `docker compose up` up in each mode and walks the tutorial against it, as a reader of the README would.
 * Walks only: no load goes into container networks. A project name of its own and free ports leave a user's cluster alone.
 */

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { createServer } from 'node:net'
import { type Mode, modes } from '@session-cluster/contract'
import { seededRandom, ask as send, VirtualUser } from '@session-cluster/visitor'
import { root } from '../workspace.ts'
import { tell } from './recap.ts'

const project = `session-cluster-test-${process.pid}`
const [a, b, c, balancer, consolePort] = await freePorts(5)
const urls = { a: at(a), b: at(b), c: at(c), balancer: at(balancer) }
const random = seededRandom(1)
let failed = false

process.on('SIGINT', () => {
  compose('local', ['down', '--volumes', '--timeout', '2'])
  process.exit(130)
})

try {
  for (const mode of modes) {
    console.error(`compose: MODE=${mode}`)
    compose(mode, ['up', '--detach', '--wait', '--wait-timeout', '180', ...(mode === 'local' ? ['--build'] : [])])
    await walk(mode)
    console.log(`compose ${mode}: the tutorial's walk holds`)
  }
} catch (error) {
  failed = true
  console.error(error)
  tell({ what: 'the walk through docker compose', why: String(error) })
  compose('local', ['logs', '--tail', '40', '--no-color'], false)
} finally {
  compose('local', ['down', '--volumes', '--timeout', '2'])
}
process.exitCode = failed ? 1 : 0

async function walk(mode: Mode): Promise<void> {
  const clustered = mode === 'clustered'
  const alice = user(urls.a)
  const saved = await alice.ask('/set?q=password')
  assert.deepEqual([saved.status, saved.body, saved.node], [200, 'Saved: password', 'a'])
  assert.deepEqual(alice.jar.names, [clustered ? 'SESSION' : 'JSESSIONID'])
  assert.equal((await alice.ask('/get')).body, 'password')

  const elsewhere = await alice.ask('/get', { base: urls.b })
  assert.equal(elsewhere.node, 'b')
  assert.equal(elsewhere.status, clustered ? 200 : 404, `8080 → 8081 in ${mode}`)

  alice.jar.delete(clustered ? 'SESSION' : 'JSESSIONID')
  assert.equal((await alice.ask('/get')).status, 404, 'without the cookie nobody knows her')

  await throughTheBalancer(mode)
  await crash(mode)
  const page = await send(`${at(consolePort)}/`, { headers: { host: `localhost:${consolePort}` } })
  assert.match(page.body, /<title>[^<]*session-cluster/i, 'the console serves its page')
}

async function throughTheBalancer(mode: Mode): Promise<void> {
  const bob = user(urls.balancer)
  const home = (await bob.save()).node
  const visits = []
  for (let turn = 0; turn < 6; turn++) visits.push(await bob.visit())
  assert.equal(
    new Set(visits.map(({ node }) => node)).size,
    mode === 'sticky' ? 1 : 3,
    `nodes that answered in ${mode}`,
  )
  for (const { node, outcome } of visits) {
    const knows = mode !== 'local' || node === home
    assert.equal(outcome, knows ? 'found' : 'miss', `${node} answers a session of ${home} in ${mode}`)
  }
}

/** Kills b outright; the sessions that only b held are lost, and only those. */
async function crash(mode: Mode): Promise<void> {
  const users = []
  for (let index = 0; index < 6; index++) {
    const each = user(urls.balancer)
    users.push({ each, home: (await each.save()).node })
  }
  compose(mode, ['kill', '--signal', 'SIGKILL', 'b'])
  for (const { each, home } of users) {
    const { outcome } = await each.look(mode === 'local' ? urls[home as 'a' | 'b' | 'c'] : urls.balancer)
    const survives = mode === 'clustered' || home !== 'b'
    assert.equal(outcome === 'found', survives, `a session of ${home} after b's crash in ${mode}`)
  }
  compose(mode, ['start', 'b'])
}

function user(base: string): VirtualUser {
  return new VirtualUser({ name: 'a reader', base, random, timeoutMs: 20_000 })
}

function compose(mode: Mode, args: string[], mustWork = true): void {
  const { status } = spawnSync('docker', ['compose', '--project-name', project, ...args], {
    cwd: root,
    stdio: ['ignore', 2, 2],
    env: {
      ...process.env,
      MODE: mode,
      NODE_A_PORT: String(a),
      NODE_B_PORT: String(b),
      NODE_C_PORT: String(c),
      BALANCER_PORT: String(balancer),
      CONSOLE_PORT: String(consolePort),
    },
  })
  if (mustWork && status !== 0) throw new Error(`docker compose ${args.join(' ')} exited with ${status}`)
}

function at(port: number | undefined): string {
  return `http://127.0.0.1:${port}`
}

async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer()
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      return server
    }),
  )
  const ports = servers.map((server) => (server.address() as { port: number }).port)
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  return ports
}
