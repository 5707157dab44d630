import { Member } from './member.ts'
import type { TcpProxy } from './tcp-proxy.ts'

/** One running server of the cluster. */
export class Node extends Member {
  /** The proxy through which the balancer reaches this node, when the cluster was started with `links.nodes`. */
  link: TcpProxy | undefined

  /** Where the balancer finds this node: the node itself, or the proxy before it. */
  get upstreamUrl(): string {
    return this.link ? `http://127.0.0.1:${this.link.port}` : this.url
  }
}
