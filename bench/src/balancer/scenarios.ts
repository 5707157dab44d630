import { getRequest } from '../load/job.ts'

/** What clients ask for, over how many connections. */
export interface Scenario {
  /** As the tables name it. */
  readonly id: string
  readonly connections: number
  readonly path: string
  /** What every answer's body must be. */
  readonly body: string
  /** The request of a client that sends these cookies. */
  readonly request: (cookies: string) => string
}

/** The scenario of the goals. */
export const USUAL = '2 KB × 8'
/** Many connections, tiny requests and answers: whoever spends most on system calls looks best here. */
export const TINY = 'tiny × 32'

/** All scenarios: tiny ones, and pages as browsers ask for them. */
export const scenarios: readonly Scenario[] = [
  {
    id: TINY,
    connections: 32,
    path: '/',
    body: '{"q":"password"}',
    request: (cookies) => getRequest('/', cookies),
  },
  ...[1, 8, 32].map((connections) => page('2 KB', 2048, connections)),
  ...[1, 8, 32].map((connections) => page('16 KB', 16_384, connections)),
]

/** The most connections of any of them. */
export const MOST_CONNECTIONS = Math.max(...scenarios.map(({ connections }) => connections))

/** The scenario of that name. */
export function scenarioOf(id: string): Scenario {
  const found = scenarios.find((scenario) => scenario.id === id)
  if (!found) throw new RangeError(`No scenario is called ${id}.`)
  return found
}

function page(size: string, bytes: number, connections: number): Scenario {
  const path = `/page/${bytes}`
  return {
    id: `${size} × ${connections}`,
    connections,
    path,
    body: 'x'.repeat(bytes),
    request: (cookies) => browserRequest(path, cookies),
  }
}

/** A request as a browser sends it for a page: twelve fields, its cookies among them. */
function browserRequest(path: string, cookies: string): string {
  const fields = {
    Host: 'bench.localhost:8000',
    Connection: 'keep-alive',
    'sec-ch-ua': '"Chromium";v="142", "Not_A Brand";v="99"',
    'User-Agent':
      'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36',
    Accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8',
    'Sec-Fetch-Site': 'same-origin',
    'Sec-Fetch-Mode': 'navigate',
    'Sec-Fetch-Dest': 'document',
    Referer: 'http://bench.localhost:8000/account/orders?page=3',
    'Accept-Encoding': 'gzip, deflate, br, zstd',
    'Accept-Language': 'en-GB,en;q=0.9,ko;q=0.8',
    Cookie: `_ga=GA1.1.1234567890.1763000000; theme=dark; ${cookies}`,
  }
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`)
  return `GET ${path} HTTP/1.1\r\n${lines.join('')}\r\n`
}
