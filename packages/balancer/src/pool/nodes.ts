import { isIP } from 'node:net'
import { createSecureContext, type SecureContext } from 'node:tls'
import { checkNames, MAX_MS, type Names } from '../names.ts'

/** How the balancer talks to nodes, to all of them alike. */
export interface NodeOptions {
  /**
   * The `Host` that nodes are sent: the client's, each upstream's own (`host:port` of its URL), or a name. What the client asked
   * for is in `X-Forwarded-Host` either way. @default 'client'
   */
  host?: 'client' | 'upstream' | { readonly name: string } | undefined
  /** For upstreams with `https://`. */
  tls?: NodeTlsOptions | undefined
  /** A kept connection older than this carries no further request, so that a name which moved is looked up again. @default 300_000 */
  maxConnectionAgeMs?: number | undefined
  /** The head of one answer, bytes. @default 16_384 */
  maxHeaderBytes?: number | undefined
}

/** How nodes prove who they are, and how the balancer does; PEM. */
export interface NodeTlsOptions {
  /** Authorities in place of Node's own. @default Node's, and those of NODE_EXTRA_CA_CERTS */
  ca?: string | Buffer | undefined
  /** The balancer's certificate, for nodes that ask for one. With `key`. */
  cert?: string | Buffer | undefined
  key?: string | Buffer | undefined
  /** The name that is asked for (SNI) and that the node's certificate must be for. @default the host of the upstream's URL */
  serverName?: string | undefined
}

const NODES: Names<Required<NodeOptions>> = {
  host: true,
  tls: true,
  maxConnectionAgeMs: [0, MAX_MS],
  maxHeaderBytes: [256, 2 ** 24, 'whole'],
}
const TLS: Names<Required<NodeTlsOptions>> = { ca: true, cert: true, key: true, serverName: true }
const HOST = /^([a-z0-9_.-]+|\[[0-9a-f:.]+\])(:\d{1,5})?$/i

/** Refuses what makes no sense. @throws TypeError that names the option */
export function checkNodes(where: string, options: NodeOptions): void {
  checkNames<NodeOptions>(where, options, NODES, 'nodes')
  const { host, tls } = options
  if (
    host !== undefined &&
    host !== 'client' &&
    host !== 'upstream' &&
    !HOST.test(String((host as { name?: unknown }).name ?? ''))
  ) {
    throw new TypeError(`${where}: nodes.host is ${JSON.stringify(host)}, but must be 'client', 'upstream' or { name }`)
  }
  if (!tls) return
  checkNames<NodeTlsOptions>(where, tls, TLS, 'nodes.tls')
  if ((tls.cert === undefined) !== (tls.key === undefined)) {
    throw new TypeError(`${where}: nodes.tls.cert and nodes.tls.key go together`)
  }
}

/** What a TLS connection to one upstream is made with. */
export interface TlsToNode {
  /** Empty for an address: names alone are asked for. */
  readonly servername: string
  readonly secureContext: SecureContext | undefined
}

/** How to talk to any upstream, made ready once. */
export class Nodes {
  readonly #host: NodeOptions['host']
  readonly #serverName: string | undefined
  readonly #secureContext: SecureContext | undefined

  /** @throws Error when certificate, key or authorities are no PEM, or do not go together */
  constructor({ host, tls }: NodeOptions = {}) {
    this.#host = host
    this.#serverName = tls?.serverName
    const { ca, cert, key } = tls ?? {}
    if (ca !== undefined || cert !== undefined) this.#secureContext = createSecureContext({ ca, cert, key })
  }

  /** The Host for the upstream at this URL; `undefined` for the client's. */
  hostFor(url: URL): string | undefined {
    if (this.#host === undefined || this.#host === 'client') return undefined
    return this.#host === 'upstream' ? url.host : this.#host.name
  }

  tlsFor(url: URL): TlsToNode | undefined {
    if (url.protocol !== 'https:') return undefined
    const host = url.hostname.replace(/^\[|\]$/g, '')
    return { servername: this.#serverName ?? (isIP(host) ? '' : host), secureContext: this.#secureContext }
  }
}
