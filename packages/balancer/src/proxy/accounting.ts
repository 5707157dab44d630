import type { IncomingMessage } from 'node:http'
import { type Termination, terminations } from '../front/termination.ts'
import type { Peer } from '../headers/peer.ts'
import { countStatus } from '../pool/stats.ts'
import type { Upstream } from '../pool/upstream.ts'
import type { Step } from '../steps.ts'
import type { AccessEntry, Context } from './context.ts'
import type { ProxiedRequest } from './request.ts'
import type { Decision } from './select.ts'

/** What of a request goes into events and the access log. */
export type Recorded = Pick<
  ProxiedRequest,
  | ('requestId' | 'method' | 'path' | 'address' | 'host' | 'startedAt' | 'upstream')
  | ('attempts' | 'tried' | 'bytesIn' | 'bytesOut')
> & { readonly req: Pick<IncomingMessage, 'headers' | 'httpVersion'> }

/** Tells where a request goes and why. `met` says what the attempts before this one met with. */
export function tellDecision(context: Context, recorded: Recorded, decision: Decision, met: readonly Step[]): void {
  const { requestId, method, path } = recorded
  const steps = met.length > 0 ? [...met, ...decision.steps.slice(-1)] : decision.steps
  context.events.emit('decision', {
    ...{ requestId, at: context.clock.now(), method, path },
    upstream: decision.upstream?.name,
    attempt: recorded.attempts + 1,
    reason: decision.reason,
    steps,
  })
}

/** Counts an upstream's answer to what was sent at `sentAt` (monotonic, ms): it is alive, whatever it says. */
export function countAnswer({ passive }: Context, upstream: Upstream, status: number, sentAt: number): void {
  upstream.stats.latency.record(performance.now() - sentAt)
  countStatus(upstream.stats, status)
  passive.succeeded(upstream)
}

/** Counts a request that is over, and tells and logs how it ended, if anyone wants to know. */
export function conclude(context: Context, recorded: Recorded, termination: Termination, status: number): void {
  const { totals, events, accessLog } = context
  totals.count(status, termination)
  const { upstream } = recorded
  if (upstream) {
    upstream.stats.bytesIn += recorded.bytesIn
    upstream.stats.bytesOut += recorded.bytesOut
  }
  if (!accessLog && !events.wants('done')) return
  const { requestId, method, path, attempts } = recorded
  const at = context.clock.now()
  const ms = performance.now() - recorded.startedAt
  const told = { requestId, at, method, path, upstream: upstream?.name, status, ms, attempts, termination }
  events.emit('done', told)
  accessLog?.({ ...told, ...logged(recorded, termination) })
}

const NOTHING = { headers: {}, httpVersion: '-' }

/** What never became a request: a CONNECT, or bytes (or none in time) in which there is no request at all. */
export interface Unheard {
  readonly req?: IncomingMessage
  readonly termination: Termination
  readonly status: number
}

/** Counts, tells and logs it as a request of which nothing is known. */
export function concludeUnheard(context: Context, { address }: Peer, { req, termination, status }: Unheard): void {
  const unknown = { method: req?.method ?? '-', path: req?.url ?? '-', host: req?.headers.host, upstream: undefined }
  const counts = { attempts: 0, tried: [], bytesIn: 0, bytesOut: 0, startedAt: performance.now() }
  const recorded = { ...unknown, ...counts, requestId: context.nextRequestId(), address, req: req ?? NOTHING }
  conclude(context, recorded, termination, status)
}

type Logged = Omit<AccessEntry, 'requestId' | 'at' | 'method' | 'path' | 'upstream' | 'status' | 'ms' | 'attempts'>

function logged({ address, host, req, tried, bytesIn, bytesOut }: Recorded, termination: Termination): Logged {
  const userAgent = req.headers['user-agent']
  const flags = terminations[termination]
  return {
    client: address,
    httpVersion: req.httpVersion,
    host,
    termination,
    flags,
    tried,
    bytesIn,
    bytesOut,
    userAgent,
  }
}
