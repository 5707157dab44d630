import http from 'node:http'
import https from 'node:https'
import type { Clock, Random, Timer } from '../clock.ts'
import type { Pool } from '../pool/pool.ts'
import type { Upstream } from '../pool/upstream.ts'
import { isOutOfResources } from '../resources.ts'
import { expectedStatus } from './expect.ts'

/** How upstreams are probed. */
export interface ActiveOptions {
  /** Asked with GET. @default '/readyz' */
  path?: string | undefined
  /** The probe's `Host`. @default that of `nodes.host` if it is not the client's, else the upstream's own */
  host?: string | undefined
  /** Further headers of the probe. */
  headers?: Readonly<Record<string, string>> | undefined
  /** @default the upstream's */
  port?: number | undefined
  /** Statuses that are well: codes and ranges between commas. @default '200-399' */
  status?: string | undefined
  /** A text that the first 64 KiB of the answer must hold. @default none is looked for */
  body?: string | undefined
  /** From the end of one probe to the next. @default 1000 */
  intervalMs?: number | undefined
  /** A probe that takes longer has failed. @default 1000 */
  timeoutMs?: number | undefined
  /** This many in a row bring an upstream back. @default 2 */
  rise?: number | undefined
  /** This many failures in a row take it down. @default 2 */
  fall?: number | undefined
  /** The interval varies by this share, so that balancers do not probe in step. @default 0.1 */
  jitter?: number | undefined
}

/** What a probe found. */
export interface ProbeResult {
  ok: boolean
  detail: string
  /** It could not be asked, for want of descriptors here: that says nothing of the upstream. */
  isOurs?: boolean
}

/** What a probe asks, and what is well. */
export type ProbeOptions = Pick<ActiveOptions, 'host' | 'headers' | 'port' | 'status' | 'body'> & {
  path: string
  timeoutMs: number
}

/** Asks an upstream once. It never throws. */
export type Probe = (upstream: Upstream, options: ProbeOptions) => Promise<ProbeResult>

interface Watch {
  passes: number
  failures: number
  timer: Timer | undefined
  first: boolean
}

/** Active health checks: every upstream, alone, again and again. */
export class ActiveHealth {
  readonly #pool: Pool
  readonly #clock: Clock
  readonly #random: Random
  readonly #probe: Probe
  readonly #options: ProbeOptions & Record<'intervalMs' | 'rise' | 'fall' | 'jitter', number>
  readonly #watches = new Map<Upstream, Watch>()

  constructor(pool: Pool, clock: Clock, random: Random, options: ActiveOptions = {}, probe: Probe = httpProbe) {
    this.#pool = pool
    this.#clock = clock
    this.#random = random
    this.#probe = probe
    this.#options = {
      ...options,
      path: options.path ?? '/readyz',
      intervalMs: options.intervalMs ?? 1000,
      timeoutMs: options.timeoutMs ?? 1000,
      rise: options.rise ?? 2,
      fall: options.fall ?? 2,
      jitter: options.jitter ?? 0.1,
    }
  }

  /** Probes the upstream now and from then on. The first probe alone decides how it starts. */
  async watch(upstream: Upstream): Promise<void> {
    if (this.#watches.has(upstream)) return
    const watch: Watch = { passes: 0, failures: 0, timer: undefined, first: true }
    this.#watches.set(upstream, watch)
    await this.#run(upstream, watch)
  }

  forget(upstream: Upstream): void {
    this.#watches.get(upstream)?.timer?.cancel()
    this.#watches.delete(upstream)
  }

  close(): void {
    for (const upstream of [...this.#watches.keys()]) this.forget(upstream)
  }

  async #run(upstream: Upstream, watch: Watch): Promise<void> {
    const { intervalMs, jitter } = this.#options
    const started = performance.now()
    const { ok, detail, isOurs } = await this.#probe(upstream, this.#options)
    if (this.#watches.get(upstream) !== watch) return
    upstream.lastCheck = { at: this.#clock.now(), ok, ms: performance.now() - started, detail }
    if (ok) this.#pass(upstream, watch)
    else if (!isOurs) this.#fail(upstream, watch, detail)
    watch.first &&= isOurs === true
    const wait = intervalMs * (1 + jitter * (2 * this.#random() - 1))
    watch.timer = this.#clock.after(wait, () => void this.#run(upstream, watch))
  }

  #pass(upstream: Upstream, watch: Watch): void {
    watch.failures = 0
    watch.passes++
    if (upstream.healthy || (!watch.first && watch.passes < this.#options.rise)) return
    this.#pool.setHealthy(upstream, true, `${watch.passes} checks passed`)
  }

  #fail(upstream: Upstream, watch: Watch, detail: string): void {
    watch.passes = 0
    watch.failures++
    upstream.stats.checkFailures++
    if (upstream.healthy === false || (!watch.first && watch.failures < this.#options.fall)) return
    this.#pool.setHealthy(upstream, false, `${watch.failures} checks failed: ${detail}`)
  }
}

const MAX_BODY = 65_536

/** GET on a connection of its own, so that a full or stale pool of connections does not colour the answer. */
export const httpProbe: Probe = (upstream, options) => {
  const { promise, resolve } = Promise.withResolvers<ProbeResult>()
  const { path, timeoutMs, port, host = upstream.host, headers, body } = options
  const isWell = expectedStatus(options.status ?? '200-399')
  const url = new URL(path, upstream.url)
  if (port !== undefined) url.port = String(port)
  const asked = (upstream.tls ? https : http).request(url, {
    ...{ agent: false, ...upstream.tls },
    headers: { 'User-Agent': 'session-cluster-probe', ...(host !== undefined && { Host: host }), ...headers },
  })
  const settle = (ok: boolean, detail: string): void => {
    resolve({ ok, detail })
    asked.destroy()
  }
  const timer = setTimeout(() => settle(false, `no answer within ${timeoutMs} ms`), timeoutMs).unref()
  asked.on('error', (error: NodeJS.ErrnoException) =>
    resolve({ ok: false, detail: error.code ?? error.message, isOurs: isOutOfResources(error) }),
  )
  asked.on('response', (response) => {
    const status = response.statusCode ?? 0
    if (!isWell(status) || body === undefined) return settle(isWell(status), `status ${status}`)
    let text = ''
    response.setEncoding('utf8').on('data', (piece: string) => {
      text += piece
      if (text.includes(body)) settle(true, `status ${status}`)
      else if (text.length > MAX_BODY) settle(false, `status ${status}, but the body does not hold what it must`)
    })
    response.on('end', () => settle(false, `status ${status}, but the body does not hold what it must`))
    response.on('error', () => {})
    return response
  })
  asked.on('close', () => {
    clearTimeout(timer)
    resolve({ ok: false, detail: 'closed before its answer was complete' })
  })
  asked.end()
  return promise
}
