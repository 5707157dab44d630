import { connect, type Socket } from 'node:net'
import type { Job, JobResult } from './job.ts'
import { type Answer, readAnswer } from './response.ts'

/** Does one job over raw sockets: fixed requests, fixed connections, one in flight on each. Never rejects: failures are counted. */
export function runJob(job: Job): Promise<JobResult> {
  return new Run(job).done
}

class Run {
  readonly #job: Job
  readonly #heads: readonly Buffer[]
  readonly #body: Buffer | undefined
  readonly #started = performance.now()
  readonly #finished = Promise.withResolvers<JobResult>()
  readonly #sockets = new Set<Socket>()
  readonly #timer: NodeJS.Timeout
  #sent = 0
  #completed = 0
  #errors = 0
  #reconnects = 0
  #firstError: string | undefined

  constructor(job: Job) {
    this.#job = job
    this.#heads = job.heads.map((head) => Buffer.from(head, 'latin1'))
    this.#body = job.body === undefined ? undefined : Buffer.from(job.body)
    this.#timer = setTimeout(() => this.#giveUp(), job.timeoutMs)
    for (let first = 0; first < Math.min(job.connections, job.requests); first++) this.#open(first)
  }

  get done(): Promise<JobResult> {
    return this.#finished.promise
  }

  /** One connection; `at` is the head that it sends first. */
  #open(at: number): void {
    const socket = connect({ port: this.#job.port, host: '127.0.0.1', noDelay: true })
    let next = at
    let held: Buffer | undefined
    const send = () => {
      if (this.#sent >= this.#job.requests) return
      this.#sent++
      socket.write(this.#heads[next % this.#heads.length] as Buffer)
      next += this.#job.connections
    }
    this.#sockets.add(socket)
    socket.once('connect', send)
    socket.on('error', (error) => this.#fail(error.message))
    socket.on('close', () => this.#closed(socket))
    socket.on('data', (chunk: Buffer) => {
      const bytes = held ? Buffer.concat([held, chunk]) : chunk
      const answer = this.#read(bytes)
      held = answer ? undefined : bytes
      if (!answer) return
      if (++this.#completed >= this.#job.requests) this.#finish()
      else if (answer.closes) this.#reopen(socket, next)
      else send()
    })
  }

  #reopen(socket: Socket, next: number): void {
    this.#sockets.delete(socket)
    socket.destroy()
    this.#reconnects++
    this.#open(next)
  }

  /** A connection that ended without having said that it would. */
  #closed(socket: Socket): void {
    if (!this.#sockets.delete(socket)) return
    this.#fail('the server closed a connection')
    if (this.#sockets.size === 0) this.#finish()
  }

  #read(bytes: Buffer): Pick<Answer, 'closes'> | undefined {
    try {
      const answer = readAnswer(bytes)
      if (!answer) return undefined
      const text = () => answer.body.toString().slice(0, 120)
      if (answer.status < 200 || answer.status > 299) this.#fail(`status ${answer.status}: ${text()}`)
      else if (answer.length !== bytes.length) this.#fail('more bytes than one answer')
      else if (this.#body && !answer.body.equals(this.#body)) this.#fail(`wrong body: ${text()}`)
      return answer
    } catch (error) {
      this.#fail((error as Error).message)
      return { closes: true }
    }
  }

  #fail(reason: string): void {
    this.#errors++
    this.#firstError ??= reason
  }

  #giveUp(): void {
    this.#fail(`gave up after ${this.#job.timeoutMs} ms with ${this.#completed} of ${this.#job.requests} answered`)
    this.#finish()
  }

  #finish(): void {
    clearTimeout(this.#timer)
    const sockets = [...this.#sockets]
    this.#sockets.clear()
    for (const socket of sockets) socket.destroy()
    this.#finished.resolve({
      completed: this.#completed,
      errors: this.#errors,
      reconnects: this.#reconnects,
      seconds: (performance.now() - this.#started) / 1000,
      ...(this.#firstError === undefined ? {} : { firstError: this.#firstError }),
    })
  }
}
