import type { Worker } from 'node:cluster'
import { BalancerError } from '../errors.ts'
import type { Measures, Order, OrderMessage, WorkerMessage } from './messages.ts'

/** The primary's end of the line to one worker: orders go down and are answered, events come up. */
export class WorkerLink {
  readonly worker: Worker
  /** The worker's URL, once it listens; rejected when it ends before. */
  readonly listening: Promise<string>
  readonly #pending = new Map<number, PromiseWithResolvers<Measures | undefined>>()
  #id = 0

  constructor(worker: Worker, onEvent: (named: Extract<WorkerMessage, { balancer: 'event' }>['named']) => void) {
    this.worker = worker
    const { promise, resolve, reject } = Promise.withResolvers<string>()
    promise.catch(() => {})
    this.listening = promise
    worker.on('message', (message: WorkerMessage) => {
      if (message?.balancer === 'event') onEvent(message.named)
      else if (message?.balancer === 'listening') resolve(message.url)
      else if (message?.balancer === 'done') {
        this.#settle(message)
        if (message.error !== undefined) reject(new Error(message.error))
      }
    })
    worker.on('exit', () => {
      const gone = new BalancerError('BALANCER_WORKER_GONE', 503, 'a worker ended meanwhile')
      reject(gone)
      for (const { reject } of this.#pending.values()) reject(gone)
      this.#pending.clear()
    })
  }

  /** Has the worker carry out an order. @throws what the worker says, or that it is gone */
  order(order: Order): Promise<Measures | undefined> {
    const id = this.#id++
    const answer = Promise.withResolvers<Measures | undefined>()
    if (!this.worker.isConnected()) return Promise.resolve(undefined)
    this.#pending.set(id, answer)
    this.worker.send({ balancer: 'order', id, order } satisfies OrderMessage)
    return answer.promise
  }

  #settle({ id, result, error }: Extract<WorkerMessage, { balancer: 'done' }>): void {
    const pending = this.#pending.get(id)
    this.#pending.delete(id)
    if (error === undefined) pending?.resolve(result)
    else pending?.reject(new Error(error))
  }
}
