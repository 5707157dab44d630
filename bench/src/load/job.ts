/** A bounded piece of load: it ends after so many requests, or fails after so long. */
export interface Job {
  readonly port: number
  /** Keep-alive connections, each with one request in flight. */
  readonly connections: number
  /** All requests together. */
  readonly requests: number
  /** Whole requests as they go over the wire; connection `i` starts with the `i`th and goes on in steps of `connections`. */
  readonly heads: readonly string[]
  /** When given, an answer with any other body counts as an error. */
  readonly body?: string
  /** Then the job is given up, as an error. */
  readonly timeoutMs: number
}

/** What came of a job. */
export interface JobResult {
  readonly completed: number
  /** Non-2xx answers, wrong bodies, broken connections. */
  readonly errors: number
  readonly firstError?: string
  /** Connections opened anew because the server announced that it would close. */
  readonly reconnects: number
  readonly seconds: number
}

/** A GET of `path` as the load sends it; small headers such as a browser's, so that no contender parses an empty request. */
export function getRequest(path: string, cookie?: string, host = 'bench.localhost'): string {
  const lines = [`GET ${path} HTTP/1.1`, `Host: ${host}`, 'User-Agent: bench/1', 'Accept: application/json']
  if (cookie) lines.push(`Cookie: ${cookie}`)
  return `${lines.join('\r\n')}\r\n\r\n`
}
