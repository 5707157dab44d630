import { Member } from './member.ts'
import type { TcpProxy } from './tcp-proxy.ts'

/** One running server of the cluster. */
export class Node extends Member {
  /** The proxy through which the balancer reaches this node, when the cluster was started with `links.nodes`. */
  link: TcpProxy | undefined

  /** Waits until the balancer sends traffic here; set when the balancer knows this node. */
  untilSeen: (() => Promise<void>) | undefined

  /** Starts it again after a stop or a crash; resolves when it is ready and the balancer, if that runs, sees it up. */
  override async start(): Promise<void> {
    await super.start()
    await this.untilSeen?.()
  }

  /** A graceful stop if it runs, then {@link start} at the same address. */
  override async restart(): Promise<void> {
    if (this.pid !== undefined) await this.stop()
    await this.start()
  }

  /** Where the balancer finds this node: the node itself, or the proxy before it. */
  get upstreamUrl(): string {
    return this.link ? `http://127.0.0.1:${this.link.port}` : this.url
  }
}
