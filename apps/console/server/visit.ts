import { Agent, request } from 'node:http'

/** An answer, or how it failed to come. */
export type Answer =
  | {
      readonly ok: true
      readonly status: number
      readonly body: string
      readonly headers: Readonly<Record<string, string>>
      readonly setCookies: readonly string[]
      readonly ms: number
    }
  | { readonly ok: false; readonly reason: 'timeout' | 'refused' | 'broken'; readonly ms: number }

export interface VisitOptions {
  readonly method?: 'GET' | 'POST'
  readonly cookie?: string | undefined
  /** The Host to send; a lane has a host name of its own while every one of them is dialled at its address. */
  readonly host?: string | undefined
  /** The bound for the whole visit, ms: longer than the balancer's own, so that a 504 is the balancer's word. @default 35_000 */
  readonly timeoutMs?: number
  /** Connections to reuse; without one every visit makes its own, so that a restarted node's stale socket is never met. */
  readonly agent?: Agent
}

/** The most of a body that is kept. The rest is read and dropped. */
const maxBody = 64 * 1024

/** Connections for one lane's balancer. */
export function connections(): Agent {
  return new Agent({ keepAlive: true, maxSockets: 128 })
}

/** Sends one request as a browser would, and never throws: a failure is an answer too. Redirects are not followed. */
export function visit(url: string, options: VisitOptions = {}): Promise<Answer> {
  const started = performance.now()
  const since = () => performance.now() - started
  return new Promise((resolve) => {
    const headers: Record<string, string> = { accept: 'text/plain' }
    if (options.cookie) headers.cookie = options.cookie
    if (options.host) headers.host = options.host
    const method = options.method ?? 'GET'
    if (method === 'POST') headers['content-length'] = '0'
    const timer = setTimeout(() => outgoing.destroy(new Error('timeout')), options.timeoutMs ?? 35_000)
    const settle = (answer: Answer) => {
      clearTimeout(timer)
      resolve(answer)
    }
    const outgoing = request(url, { method, headers, agent: options.agent ?? false }, (incoming) => {
      let body = ''
      incoming.setEncoding('utf8')
      incoming.on('data', (chunk: string) => {
        if (body.length < maxBody) body += chunk
      })
      incoming.on('error', () => settle({ ok: false, reason: 'broken', ms: since() }))
      incoming.on('end', () => {
        const { 'set-cookie': setCookies = [], ...rest } = incoming.headers
        const plain = Object.fromEntries(Object.entries(rest).map(([name, value]) => [name, String(value)]))
        settle({ ok: true, status: incoming.statusCode ?? 0, body, headers: plain, setCookies, ms: since() })
      })
    })
    outgoing.on('error', (error: NodeJS.ErrnoException) => settle({ ok: false, reason: reasonOf(error), ms: since() }))
    outgoing.end()
  })
}

function reasonOf(error: NodeJS.ErrnoException): 'timeout' | 'refused' | 'broken' {
  if (error.message === 'timeout') return 'timeout'
  return error.code === 'ECONNREFUSED' ? 'refused' : 'broken'
}
