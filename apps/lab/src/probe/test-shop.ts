import { randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/** How the small application under test behaves. */
export interface ShopOptions {
  /** @default 3 */
  readonly nodes?: number
  /** @default 'round-robin' */
  readonly policy?: 'round-robin' | 'sticky'
  /** One store for all nodes. @default false */
  readonly shared?: boolean
  /** @default true */
  readonly renewsAtLogin?: boolean
  /** The old id stays logged in after a login that gives a new one. @default false */
  readonly keepsOldId?: boolean
  /** @default true */
  readonly endsAtLogout?: boolean
  /** Reads, waits, writes: parallel writes are lost. @default false */
  readonly losesWrites?: boolean
  /** @default 'HttpOnly; SameSite=Lax' */
  readonly flags?: string
  /** Sets `x-server`. @default true */
  readonly namesItself?: boolean
}

interface Session {
  user?: string
  count: number
}

/** A server that listens on a free port until it is disposed. */
export interface Listening extends AsyncDisposable {
  readonly url: URL
}

/** A shop of several nodes behind a tiny balancer, all in this process. */
export interface Shop extends Listening {
  readonly nodes: readonly URL[]
  readonly requests: readonly string[]
  /** Answers 503 for it until `restart`, and forgets what was in its own memory. */
  crash(node: number): void
  restart(node: number): void
}

/** Serves the listener on a free port. */
export async function listen(listener: RequestListener): Promise<Listening> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** Starts a shop. */
export async function shop(options: ShopOptions = {}): Promise<Shop> {
  const { nodes: size = 3, policy = 'round-robin', shared = false } = options
  const common = new Map<string, Session>()
  const stores = Array.from({ length: size }, () => (shared ? common : new Map<string, Session>()))
  const down = new Set<number>()
  const requests: string[] = []
  let turn = 0
  const at = (node: number) => (request: IncomingMessage, response: ServerResponse) =>
    answer(node, stores[node] as Map<string, Session>, options, request, response)
  const front = await listen((request, response) => {
    requests.push(`${request.method} ${request.url}`)
    const up = stores.map((_, node) => node).filter((node) => !down.has(node))
    const wanted = policy === 'sticky' ? Number(cookie(request, 'SERVERID') ?? Number.NaN) : Number.NaN
    const node = up.includes(wanted) ? wanted : up[turn++ % up.length]
    if (node === undefined) return void response.writeHead(503).end()
    if (policy === 'sticky' && node !== wanted) response.appendHeader('set-cookie', `SERVERID=${node}; Path=/`)
    void at(node)(request, response)
  })
  const own = await Promise.all(stores.map((_, node) => listen(at(node))))
  return {
    url: front.url,
    nodes: own.map(({ url }) => url),
    requests,
    crash(node) {
      down.add(node)
      if (!shared) stores[node]?.clear()
    },
    restart: (node) => void down.delete(node),
    async [Symbol.asyncDispose]() {
      await Promise.all([front, ...own].map((each) => each[Symbol.asyncDispose]()))
    },
  }
}

async function answer(
  node: number,
  store: Map<string, Session>,
  {
    renewsAtLogin = true,
    keepsOldId,
    endsAtLogout = true,
    losesWrites,
    flags = 'HttpOnly; SameSite=Lax',
    namesItself = true,
  }: ShopOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  request.resume()
  if (namesItself) response.setHeader('x-server', `node-${node}`)
  let id = cookie(request, 'sid') ?? ''
  let session = store.get(id)
  const give = (fresh: Session) => {
    id = randomBytes(16).toString('hex')
    session = fresh
    store.set(id, session)
    response.appendHeader('set-cookie', `sid=${id}; Path=/; ${flags}`)
    return fresh
  }
  const own = session ?? give({ count: 0 })
  if (request.url === '/login') {
    const old = id
    if (renewsAtLogin) {
      give({ ...own, user: 'ada' })
      if (keepsOldId) own.user = 'ada'
      else store.delete(old)
    } else own.user = 'ada'
  } else if (request.url === '/logout') {
    if (endsAtLogout) store.delete(id)
    response.appendHeader('set-cookie', 'sid=; Max-Age=0')
  } else if (request.url === '/count') {
    const { count } = own
    if (losesWrites) await sleep(20)
    own.count = losesWrites ? count + 1 : own.count + 1
    return void response.end(JSON.stringify({ count: own.count }))
  }
  response.end(JSON.stringify({ hello: (session ?? own).user ?? 'stranger' }))
}

function cookie(request: IncomingMessage, name: string): string | undefined {
  return new RegExp(`(?:^|; )${name}=([^;]*)`).exec(request.headers.cookie ?? '')?.[1]
}
