import { Histogram } from './histogram.ts'

/** Counters of one upstream, in the sense of HAProxy's stats page. Plain numbers: read them whenever you like. */
export class UpstreamStats {
  /** Attempts sent to it. */
  requests = 0
  maxInFlight = 0
  bytesIn = 0
  bytesOut = 0
  status2xx = 0
  status3xx = 0
  status4xx = 0
  status5xx = 0
  /** Connections that could not be made. */
  connectErrors = 0
  /** Responses that failed: died, timed out, or broke off. */
  responseErrors = 0
  /** Requests sent to it again, since a kept-alive connection had proved stale. */
  retries = 0
  /** Requests that went elsewhere although they had been sent or pinned here. */
  redispatches = 0
  clientAborts = 0
  /** Failed active checks, and how often it went down. */
  checkFailures = 0
  downs = 0
  ejections = 0
  /** Time from sending to the response's headers, ms. */
  readonly latency = new Histogram()

  countStatus(status: number): void {
    if (status < 300) this.status2xx++
    else if (status < 400) this.status3xx++
    else if (status < 500) this.status4xx++
    else this.status5xx++
  }
}
