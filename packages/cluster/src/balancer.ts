import { setTimeout as delay } from 'node:timers/promises'
import { Member } from './member.ts'

/** What the balancer's admin API tells of an upstream; more fields than these may come. */
export interface UpstreamStatus {
  readonly name: string
  readonly url: string
  readonly state: string
  readonly inFlight: number
  readonly requests: number
  readonly [column: string]: unknown
}

/** The balancer's admin API refused or failed. */
export class BalancerAdminError extends Error {
  override readonly name = 'BalancerAdminError'
  readonly code = 'CLUSTER_BALANCER_ADMIN'
  readonly statusCode: number

  constructor(call: string, statusCode: number, body: string) {
    super(`${call} answered ${statusCode}: ${body.slice(0, 200)}`)
    this.statusCode = statusCode
  }
}

const POLL_MS = 20

/** Longer than any graceful removal is allowed to take; an admin API that hangs must not hang its caller. */
const CALL_MS = 60_000

/** The cluster's load balancer and its admin API. */
export class Balancer extends Member {
  /** What its admin API asks for, when it was started with an ADMIN_TOKEN. */
  adminToken: string | undefined

  /** Every upstream as the balancer sees it now. */
  async upstreams(): Promise<UpstreamStatus[]> {
    return (await this.#call('GET', '/upstreams')) as UpstreamStatus[]
  }

  /** Adds an upstream; it takes traffic when its first health checks have passed. */
  async add(upstream: { name: string; url: string; weight?: number }): Promise<void> {
    await this.#call('POST', '/upstreams', upstream)
  }

  /** Removes an upstream; without `force`, when its requests in flight have ended. */
  async remove(name: string, options: { force?: boolean } = {}): Promise<void> {
    await this.#call('DELETE', `/upstreams/${encodeURIComponent(name)}${options.force ? '?force=true' : ''}`)
  }

  /** Changes an upstream's administrative state or weight. */
  async change(name: string, change: { state?: 'ready' | 'drain' | 'maintenance'; weight?: number }): Promise<void> {
    await this.#call('PATCH', `/upstreams/${encodeURIComponent(name)}`, change)
  }

  /**
   * Waits until the balancer sees each named upstream in this state. Throws after `timeoutMs` (30 s) with the states
   * that it saw last.
   */
  async untilSeen(names: readonly string[], state: string, timeoutMs = 30_000): Promise<void> {
    const deadline = performance.now() + timeoutMs
    for (;;) {
      const seen = await this.upstreams()
      const missing = names.filter((name) => seen.find((upstream) => upstream.name === name)?.state !== state)
      if (missing.length === 0) return
      if (performance.now() > deadline) {
        const states = seen.map((upstream) => `${upstream.name} ${upstream.state}`).join(', ')
        throw new Error(
          `the balancer did not see ${missing.join(', ')} ${state} within ${timeoutMs} ms (it sees: ${states})`,
        )
      }
      await delay(POLL_MS)
    }
  }

  async #call(method: string, path: string, body?: unknown): Promise<unknown> {
    const headers = {
      ...(this.adminToken !== undefined && { authorization: `Bearer ${this.adminToken}` }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
    }
    const payload = body === undefined ? {} : { body: JSON.stringify(body) }
    const response = await fetch(new URL(path, this.adminUrl), {
      method,
      headers,
      signal: AbortSignal.timeout(CALL_MS),
      ...payload,
    })
    const text = await response.text()
    if (!response.ok) throw new BalancerAdminError(`${method} ${path}`, response.status, text)
    return text === '' ? undefined : JSON.parse(text)
  }
}
