/**
 * Brings `docker compose up` up as the README says it, without MODE and with it, and walks the tutorial against it, as a reader would.
 * Walks only: no load goes into container networks. A project name of its own and free ports leave a user's cluster alone.
 */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { freePort } from '@session-cluster/cluster'
import { defaultCookieName, hasAffinity, isShared, lessons, type Mode } from '@session-cluster/contract'
import { seededRandom, ask as send, VirtualUser } from '@session-cluster/visitor'
import { root } from '../workspace.ts'
import { tell } from './recap.ts'

const project = `session-cluster-test-${process.pid}`
const lanes = { local: '', sticky: 'STICKY_', clustered: 'CLUSTERED_' }
/** By the variable that sets it: NODE_A_PORT and the like of one lane alone, or the first; STICKY_A_PORT and so on of the others. */
const ports = await freePorts([
  'CONSOLE_PORT',
  ...Object.values(lanes).flatMap((prefix) => [
    `${prefix}BALANCER_PORT`,
    ...['A', 'B', 'C'].map((name) => nodePort(prefix, name)),
  ]),
])
const random = seededRandom(1)
let failed = false

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    down()
    process.exit(1)
  })
}

try {
  console.error('compose: without MODE')
  compose(undefined, ['up', '--detach', '--wait', '--wait-timeout', '180', '--build'])
  for (const mode of lessons) {
    await walk(mode, lanes[mode], `${mode}-`)
    console.log(`compose ${mode}: the tutorial's walk holds`)
  }
  await keepsToItself('clustered-')
  down()
  for (const mode of ['local', 'sticky'] as const)
    assert.doesNotMatch(compose(mode, ['config', '--services']), /redis/, `${mode} needs no Redis`)
  const unknown = spawnSync('docker', ['compose', 'config'], { cwd: root, env: { ...process.env, MODE: 'hybird' } })
  assert.notEqual(unknown.status, 0, 'an unknown MODE is an error')

  console.error('compose: MODE=hybrid --scale server=5')
  compose('hybrid', ['up', '--detach', '--wait', '--wait-timeout', '180', '--scale', 'server=5'])
  await walk('hybrid', '', '')
  console.log("compose hybrid: the tutorial's walk holds")
  await scales()
  if (process.env.TEST_BUDGET === 'full') await watches()
} catch (error) {
  failed = true
  console.error(error)
  tell({ what: 'the walk through docker compose', why: String(error) })
  compose(undefined, ['logs', '--tail', '40', '--no-color'], false)
} finally {
  down()
}
process.exitCode = failed ? 1 : 0

/** The tutorial's walk over one lane; `service` is what stands before the names of its containers. */
async function walk(mode: Mode, prefix: string, service: string): Promise<void> {
  const urls = {
    a: at(nodePort(prefix, 'A')),
    b: at(nodePort(prefix, 'B')),
    c: at(nodePort(prefix, 'C')),
    balancer: at(`${prefix}BALANCER_PORT`),
  }
  for (const url of Object.values(urls)) await answers(`${url}/get`)
  const shared = isShared(mode)
  const alice = user(urls.a)
  const saved = await alice.ask('/set?q=password')
  assert.deepEqual([saved.status, saved.body.trim(), saved.node], [200, 'Saved: password', 'a'])
  assert.deepEqual(alice.jar.names, [defaultCookieName(mode)])
  assert.equal((await alice.ask('/get')).body.trim(), 'password')

  const elsewhere = await alice.ask('/get', { base: urls.b })
  assert.equal(elsewhere.node, 'b')
  assert.equal(elsewhere.status, shared ? 200 : 404, `8080 → 8081 in ${mode}`)

  alice.jar.delete(defaultCookieName(mode))
  assert.equal((await alice.ask('/get')).status, 404, 'without the cookie nobody knows her')

  await throughTheBalancer(mode, urls.balancer)
  await crash(mode, urls, service)
  const page = await send(`${at('CONSOLE_PORT')}/`, { headers: { host: `localhost:${ports.CONSOLE_PORT}` } })
  assert.match(page.body, /<title>[^<]*session-cluster/i, 'the console serves its page')
}

async function throughTheBalancer(mode: Mode, url: string): Promise<void> {
  const bob = user(url)
  const home = (await bob.save()).node
  const visits = []
  for (let turn = 0; turn < 6; turn++) visits.push(await bob.visit())
  const met = new Set(visits.map(({ node }) => node)).size
  assert.ok(hasAffinity(mode) ? met === 1 : met >= 3, `${met} servers answered in ${mode}`)
  for (const { node, outcome } of visits) {
    const knows = mode !== 'local' || node === home
    assert.equal(outcome, knows ? 'found' : 'miss', `${node} answers a session of ${home} in ${mode}`)
  }
}

/** Kills b outright; the sessions that only b held are lost, and only those. */
async function crash(mode: Mode, urls: Record<'a' | 'b' | 'c' | 'balancer', string>, service: string): Promise<void> {
  const users = []
  for (let index = 0; index < 6; index++) {
    const each = user(urls.balancer)
    users.push({ each, home: (await each.save()).node })
  }
  compose(service ? undefined : mode, ['kill', '--signal', 'SIGKILL', `${service}b`])
  for (const { each, home } of users) {
    const { outcome } = await each.look(mode === 'local' ? urls[home as 'a' | 'b' | 'c'] : urls.balancer)
    const survives = isShared(mode) || home !== 'b'
    assert.equal(outcome === 'found', survives, `a session of ${home} after b's crash in ${mode}`)
  }
  compose(service ? undefined : mode, ['start', `${service}b`])
}

/** Who is not on the inner network reaches neither admin ports nor Redis; who is on it needs the token, and the password. */
async function keepsToItself(lane: string): Promise<void> {
  const ask = (network: string, script: string): string =>
    docker([
      'run',
      '--rm',
      '--network',
      `${project}_${network}`,
      '--entrypoint',
      'node',
      'session-cluster',
      '-e',
      script,
    ])
  const connects = (host: string, port: number) =>
    `require('net').connect(${port}, '${host}').on('connect', () => { console.log('reached'); process.exit() }).on('error', (e) => console.log(e.code))`
  assert.match(ask('front', connects(`${lane}a`, 9080)), /ECONNREFUSED/, "a server's admin port, from outside")
  assert.match(
    ask('front', connects(`${lane}balancer`, 8001)),
    /ECONNREFUSED/,
    "the balancer's admin port, from outside",
  )
  assert.match(ask('front', connects('redis', 6379)), /ENOTFOUND|EAI_AGAIN/, 'Redis, from outside')
  const crash = `fetch('http://${lane}a.inside:9080/crash', { method: 'POST' }).then((answer) => console.log(answer.status))`
  assert.match(ask('inside', crash), /401/, '/crash without the token')
  const ping = `require('net').connect(6379, 'redis').end('PING\\r\\n').on('data', (data) => console.log(String(data)))`
  assert.match(ask('inside', ping), /NOAUTH/, 'Redis without the password')
}

/** Five servers more were found by name: eight answer, and with three fewer five do, all without a failure. */
async function scales(): Promise<void> {
  const met = async (count: number): Promise<void> => {
    const deadline = performance.now() + 90_000
    for (;;) {
      const nodes = new Set<string | undefined>()
      for (let turn = 0; turn < 24; turn++) {
        const { status, node } = await user(at('BALANCER_PORT')).save()
        assert.equal(status, 200)
        nodes.add(node)
      }
      if (nodes.size === count) return
      assert.ok(performance.now() < deadline, `${nodes.size} servers answer, not ${count}: ${[...nodes]}`)
      await wait(500)
    }
  }
  await met(8)
  compose('hybrid', ['up', '--detach', '--no-build', '--no-deps', '--no-recreate', '--scale', 'server=2', 'server'])
  await met(5)
}

/** `docker compose watch` builds and starts again what was changed: here a copy of the sources. */
async function watches(): Promise<void> {
  const copy = mkdtempSync(join(tmpdir(), 'session-cluster-watch-'))
  const files = spawnSync('git', ['ls-files'], { cwd: root, encoding: 'utf8' }).stdout.split('\n').filter(Boolean)
  for (const file of files) cpSync(join(root, file), join(copy, file), { recursive: true })
  const watching = spawn('docker', ['compose', '--project-name', project, 'watch', '--no-up'], {
    cwd: copy,
    stdio: ['ignore', 2, 2],
    env: { ...process.env, ...ports, MODE: 'hybrid' },
  })
  try {
    const page = join(copy, 'apps/server/src/pages/words-en.ts')
    await wait(3000) // There is no word of it that it watches now; a change before that would not be seen.
    const words = readFileSync(page, 'utf8')
    writeFileSync(page, words.replace("skip: 'Skip to the forms'", "skip: 'Skip to the changed forms'"))
    const deadline = performance.now() + 180_000
    const url = `${at('NODE_A_PORT')}/`
    while (
      !(await send(url, { headers: { accept: 'text/html' } }).then(
        ({ body }) => body.includes('changed forms'),
        () => false,
      ))
    ) {
      assert.ok(performance.now() < deadline, 'a change of the source did not reach the server within 3 min')
      await wait(1000)
    }
  } finally {
    watching.kill('SIGINT')
    await once(watching, 'exit')
    rmSync(copy, { recursive: true })
  }
}

/** Waits until a server is up: nothing tells the engine, because that would cost a process each time. */
async function answers(url: string): Promise<void> {
  const deadline = performance.now() + 90_000
  for (;;) {
    const status = await send(url).then(
      ({ status }) => status,
      () => 0,
    )
    if (status === 200 || status === 404) return
    assert.ok(performance.now() < deadline, `${url} answers ${status}`)
    await wait(200)
  }
}

function user(base: string): VirtualUser {
  return new VirtualUser({ name: 'a reader', base, random, timeoutMs: 20_000 })
}

function compose(mode: Mode | undefined, args: string[], mustWork = true): string {
  return docker(['compose', '--project-name', project, ...args], { ...ports, MODE: mode ?? '' }, mustWork)
}

function down(): void {
  for (const mode of [undefined, 'hybrid'] as const) compose(mode, ['down', '--volumes', '--timeout', '2'], false)
}

function docker(args: string[], env: NodeJS.ProcessEnv = {}, mustWork = true): string {
  const { status, stdout } = spawnSync('docker', args, {
    cwd: root,
    stdio: ['ignore', 'pipe', 2],
    encoding: 'utf8',
    env: { ...process.env, ...env },
  })
  if (mustWork && status !== 0) throw new Error(`docker ${args.join(' ')} exited with ${status}`)
  return stdout
}

function at(variable: string): string {
  return `http://127.0.0.1:${ports[variable]}`
}

function nodePort(prefix: string, name: string): string {
  return `${prefix || 'NODE_'}${name}_PORT`
}

async function freePorts(variables: readonly string[]): Promise<Record<string, string>> {
  const found: Record<string, string> = {}
  for (const variable of variables) found[variable] = String(await freePort())
  return found
}
