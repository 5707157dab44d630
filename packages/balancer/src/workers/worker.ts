import { controlOf, type NamedEvent } from '../admin/control.ts'
import { reportsOf } from '../admin/report.ts'
import type { Balancer, ListenOptions } from '../balancer.ts'
import type { Upstream } from '../pool/upstream.ts'
import { packed } from './merge.ts'
import type { Listed, Measures, Order, OrderMessage, WorkerMessage } from './messages.ts'

/** What a worker process needs to take part. */
export interface WorkerOptions {
  /** Made without upstreams and without active checks: both are the primary's. */
  balancer: Balancer
  listen: ListenOptions
  /** Bound for what is in flight when it is told to close. */
  closeTimeoutMs: number
  /** Reads certificate and key again. */
  reloadTls?: (() => void) | undefined
}

/** Makes this process a worker: it does what its primary says, and listens once it was told of the upstreams. */
export function serveOrders({ balancer, listen, closeTimeoutMs, reloadTls }: WorkerOptions): void {
  const control = controlOf(balancer)
  const say = (message: WorkerMessage): void => void process.send?.(message)
  const tellRequests = (named: NamedEvent): void => {
    if (named.name !== 'upstream') say({ balancer: 'event', named })
  }
  tellEjections(balancer, say)
  let stopTelling: (() => void) | undefined
  const carryOut = async (order: Order): Promise<Measures | undefined> => {
    switch (order.do) {
      case 'list':
        await Promise.all(order.upstreams.map((listed) => takeOn(balancer, listed)))
        say({ balancer: 'listening', url: await balancer.listen(listen) })
        return undefined
      case 'add':
        // One that started meanwhile was told of it in its list.
        if (!balancer.pool.get(order.upstream.options.name)) await takeOn(balancer, order.upstream)
        return undefined
      case 'remove':
        if (balancer.pool.get(order.name)) await control.remove(order.name, order.options)
        return undefined
      case 'update':
        // Of one that is still to be added it hears then how it is.
        if (balancer.pool.get(order.name)) await control.update(order.name, order.change)
        return undefined
      case 'health': {
        const upstream = balancer.pool.get(order.name)
        if (upstream) balancer.pool.setHealthy(upstream, order.healthy, order.reason)
        return undefined
      }
      case 'measure':
        return measure(balancer)
      case 'tell':
        stopTelling?.()
        stopTelling = order.events ? control.subscribe(tellRequests) : undefined
        return undefined
      case 'tls':
        reloadTls?.()
        return undefined
      case 'close':
        await balancer.close({ drainMs: order.drainMs, timeoutMs: closeTimeoutMs })
        return measure(balancer)
    }
  }
  // A signal to the whole group is the primary's to act on; a primary that is gone is a reason to go.
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGUSR2']) process.on(signal, () => {})
  process.on('disconnect', () => void balancer.close({ timeoutMs: closeTimeoutMs }).finally(() => process.exit(0)))
  process.on('message', (message: OrderMessage) => {
    if (message?.balancer !== 'order') return
    const { id, order } = message
    carryOut(order).then(
      (result) => {
        const done: WorkerMessage = { balancer: 'done', id, ...(result && { result }) }
        if (order.do === 'close') process.send?.(done, () => process.exit(0))
        else say(done)
      },
      (error: unknown) => {
        const failed: WorkerMessage = {
          balancer: 'done',
          id,
          error: error instanceof Error ? error.message : String(error),
        }
        // One that cannot listen is of no use, and its place must be free for another.
        if (order.do === 'list') process.send?.(failed, () => process.exit(1))
        else say(failed)
      },
    )
  })
}

// Of an upstream's changes the primary makes all but these: each worker ejects for itself.
function tellEjections(balancer: Balancer, say: (message: WorkerMessage) => void): void {
  const ejected = new Set<string>()
  balancer.events.on('upstream', (event) => {
    const isBack = ejected.delete(event.name) && event.state === 'up'
    if (event.state === 'ejected') ejected.add(event.name)
    if (isBack || event.state === 'ejected') say({ balancer: 'event', named: { name: 'upstream', event } })
  })
}

// At once, since orders that concern it may be right behind.
async function takeOn(balancer: Balancer, { options, mode, healthy }: Listed): Promise<void> {
  const added = balancer.add(options)
  const upstream = balancer.pool.get(options.name) as Upstream
  balancer.pool.setMode(upstream, mode)
  balancer.pool.setHealthy(upstream, healthy, 'as the primary found it')
  await added
}

function measure(balancer: Balancer): Measures {
  const latencies = Object.fromEntries(balancer.pool.all.map(({ name, stats }) => [name, packed(stats.latency)]))
  const terminations = [...balancer.totals.byTermination]
  return { reports: reportsOf(balancer.pool, balancer.load.waiting), latencies, terminations, load: balancer.load }
}
