import type { Worker } from 'node:cluster'
import { BalancerError } from '../errors.ts'
import type { Measures, Order, OrderMessage, WorkerMessage } from './messages.ts'

/** A worker ended before it had done what it was told; its successor starts from the pool as it is. */
export class WorkerGoneError extends BalancerError {
  constructor() {
    super('BALANCER_WORKER_GONE', 503, 'a worker ended meanwhile')
  }
}

const ORDER_MS = 5000
const MEASURE_MS = 1000

/** The primary's end of the line to one worker: orders go down and are answered, events come up. */
export class WorkerLink {
  readonly worker: Worker
  /** The worker's URL, once it listens; rejected when it ends before. */
  readonly listening: Promise<string>
  /** Since when it listens, on the monotonic clock. */
  listensSince: number | undefined
  /** Whether it was told to close. */
  isRetiring = false
  /** How often it was asked for its counts since it last said anything. */
  unanswered = 0
  /** Whether it was killed because it said nothing any more. */
  isHung = false
  /** What it counted, as it last told: all that is left of a worker that was killed. */
  measures: Measures | undefined
  readonly #pending = new Map<number, PromiseWithResolvers<Measures | undefined>>()
  #id = 0

  constructor(worker: Worker, onEvent: (named: Extract<WorkerMessage, { balancer: 'event' }>['named']) => void) {
    this.worker = worker
    const { promise, resolve, reject } = Promise.withResolvers<string>()
    promise.catch(() => {})
    this.listening = promise
    worker.on('message', (message: WorkerMessage) => {
      this.unanswered = 0
      if (message?.balancer === 'event') onEvent(message.named)
      else if (message?.balancer === 'listening') {
        this.listensSince = performance.now()
        resolve(message.url)
      } else if (message?.balancer === 'done') {
        this.#settle(message)
        if (message.error !== undefined) reject(new Error(message.error))
      }
    })
    // An order that cannot be handed over any more; its end comes next.
    worker.on('error', () => {})
    worker.on('exit', () => {
      const gone = new WorkerGoneError()
      reject(gone)
      for (const { reject } of this.#pending.values()) reject(gone)
      this.#pending.clear()
    })
  }

  /**
   * Has the worker carry out an order.
   * @param boundMs how long it may take. @default 5000
   * @throws what the worker says, {@link WorkerGoneError}, or BalancerError 504 when it has not answered by then
   */
  order(order: Order, boundMs = ORDER_MS): Promise<Measures | undefined> {
    const id = this.#id++
    const answer = Promise.withResolvers<Measures | undefined>()
    if (!this.worker.isConnected()) return Promise.reject(new WorkerGoneError())
    this.#pending.set(id, answer)
    this.worker.send({ balancer: 'order', id, order } satisfies OrderMessage)
    const { pid } = this.worker.process
    const silent = new BalancerError(
      'BALANCER_WORKER_SILENT',
      504,
      `worker ${pid} has not answered; it will when it can`,
    )
    const late = setTimeout(() => answer.reject(silent), boundMs).unref()
    return answer.promise.finally(() => {
      clearTimeout(late)
      this.#pending.delete(id)
    })
  }

  /** What it has counted by now; when it does not say so in time, what it last said. */
  async measure(): Promise<Measures | undefined> {
    await this.order({ do: 'measure' }, MEASURE_MS).catch(() => {})
    return this.measures
  }

  #settle({ id, result, error }: Extract<WorkerMessage, { balancer: 'done' }>): void {
    if (result) this.measures = result
    const pending = this.#pending.get(id)
    if (error === undefined) pending?.resolve(result)
    else pending?.reject(new Error(error))
  }
}
