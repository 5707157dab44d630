import { type ChildProcess, spawn } from 'node:child_process'
import http from 'node:http'
import { fileURLToPath } from 'node:url'
import { freePort } from '@session-cluster/cluster/free-port'
import { describe, expect, test } from 'vitest'
import { engineNames, testBalancer } from './support/balancer.ts'

const script = fileURLToPath(new URL('./support/counting-node.ts', import.meta.url))

/** A node as a process: it can be killed, frozen and started again, and what it handled survives in our memory. */
class ProcessNode implements AsyncDisposable {
  readonly name: string
  readonly port: number
  /** Ids of the requests that it began to handle, in order. */
  readonly handled: string[] = []
  #child: ChildProcess | undefined

  constructor(name: string, port: number) {
    this.name = name
    this.port = port
  }

  get upstream(): { name: string; url: string } {
    return { name: this.name, url: `http://127.0.0.1:${this.port}` }
  }

  async start(): Promise<void> {
    const child = spawn(process.execPath, [script, this.name, String(this.port)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    this.#child = child
    const { promise, resolve } = Promise.withResolvers<void>()
    let rest = ''
    child.stdout.on('data', (chunk) => {
      const lines = (rest + chunk).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) {
        if (line === 'ready') resolve()
        else this.handled.push(line)
      }
    })
    await promise
  }

  signal(signal: NodeJS.Signals): void {
    this.#child?.kill(signal)
  }

  async kill(): Promise<void> {
    const child = this.#child
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    const { promise, resolve } = Promise.withResolvers<void>()
    child.once('close', () => resolve())
    child.kill('SIGKILL')
    await promise
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill()
  }
}

interface Outcome {
  id: string
  method: string
  status: number
  body: string
  complete: boolean
  answers: number
}

/** One request with an id; it ends in an outcome whatever happens, with status 0 when no answer came. */
function ask(url: string, agent: http.Agent, method: string, id: string): Promise<Outcome> {
  const { promise, resolve } = Promise.withResolvers<Outcome>()
  const outcome: Outcome = { id, method, status: 0, body: '', complete: false, answers: 0 }
  const request = http.request(url, {
    method,
    agent,
    headers: { 'x-id': id, 'content-length': method === 'POST' ? 4 : 0 },
  })
  request.on('response', (response) => {
    outcome.answers++
    outcome.status = response.statusCode ?? 0
    response.on('data', (chunk) => {
      outcome.body += chunk
    })
    response.on('error', () => {})
    response.on('close', () => {
      outcome.complete = response.complete
      resolve(outcome)
    })
  })
  request.on('error', () => resolve(outcome))
  request.end(method === 'POST' ? 'body' : undefined)
  return promise
}

describe.each(engineNames)('nodes are killed, frozen and restarted under load [%s]', (engine) => {
  test('no answer twice, no POST handled twice, no client left hanging, whole answers or none', async () => {
    const ports = await Promise.all([freePort(), freePort(), freePort()])
    await using a = new ProcessNode('a', ports[0] ?? 0)
    await using b = new ProcessNode('b', ports[1] ?? 0)
    await using c = new ProcessNode('c', ports[2] ?? 0)
    const nodes = [a, b, c]
    await Promise.all(nodes.map((node) => node.start()))
    const timeouts = { connectTimeoutMs: 500, headersTimeoutMs: 1500, idleTimeoutMs: 1500 }
    await using lb = await testBalancer({ engine, nodes, timeouts, health: { intervalMs: 100, timeoutMs: 500 } })
    const agent = new http.Agent({ keepAlive: true })
    const outcomes: Outcome[] = []
    let count = 0
    let running = true
    const user = async (method: string): Promise<void> => {
      while (running) outcomes.push(await ask(lb.url, agent, method, `${method}-${count++}`))
    }
    const users = ['GET', 'POST', 'GET', 'POST', 'GET', 'POST'].map(user)
    const answered = async (more: number): Promise<void> => {
      const target = outcomes.length + more
      await expect.poll(() => outcomes.length).toBeGreaterThan(target)
    }
    for (const node of [b, c]) {
      await answered(60)
      await node.kill()
      await answered(60)
      await node.start()
      await expect.poll(() => lb.balancer.pool.get(node.name)?.state).toBe('up')
    }
    await answered(60)
    a.signal('SIGSTOP')
    await expect.poll(() => lb.balancer.pool.get('a')?.state).toBe('down')
    await answered(30)
    a.signal('SIGCONT')
    await expect.poll(() => lb.balancer.pool.get('a')?.state).toBe('up')
    await answered(60)
    running = false
    // Each user ends: nobody waits for an answer that never comes.
    await Promise.all(users)
    agent.destroy()

    const handled = nodes.flatMap((node) => node.handled)
    const times = (id: string) => handled.filter((other) => other === id).length
    expect(outcomes.filter(({ answers }) => answers > 1)).toEqual([])
    const posts = outcomes.filter(({ method }) => method === 'POST')
    expect(posts.filter(({ id }) => times(id) > 1)).toEqual([])
    const whole = outcomes.filter(({ status, complete }) => status === 200 && complete)
    expect(whole.filter(({ id, body }) => body !== `${id} answered`)).toEqual([])
    expect(outcomes.filter(({ status }) => ![0, 200, 502, 503, 504].includes(status))).toEqual([])
    // A GET meets a killed node and goes elsewhere; only the frozen one costs it an answer.
    expect(whole.length).toBeGreaterThan(outcomes.length * 0.8)
    await expect.poll(() => lb.balancer.load).toEqual({ active: 0, waiting: 0, connections: 0 })
    await expect.poll(() => lb.balancer.pool.all.map((upstream) => upstream.inFlight)).toEqual([0, 0, 0])
    expect(lb.done.length).toBe(outcomes.length)
  }, 90_000)
})
