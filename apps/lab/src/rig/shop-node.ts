// A node of a shop in two releases, started in the place of apps/server; without REDIS_URL it keeps sessions in its memory. Its
// login checks a password (scrypt), which is what a login costs. Release 1 keeps the cart as a list of names; release 2
// keeps an instance of a class, with counts, and still reads the list. Which release a node runs is told by a file,
// $SHOP_RELEASES/<node>, read at start: deploying is writing the file and restarting the node.
import { scryptSync } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { join } from 'node:path'
import {
  createSessions,
  memoryStore,
  redisOptions,
  redisStore,
  registered,
  registry,
  type Session,
  typedJson,
  withSessions,
} from '@session-cluster/session'
import { Redis } from 'ioredis'
import { serveNode } from './serve-node.ts'

class Cart {
  readonly counts: Map<string, number>
  constructor(counts: Map<string, number>) {
    this.counts = counts
  }
  with(item: string): Cart {
    return new Cart(new Map([...this.counts, [item, (this.counts.get(item) ?? 0) + 1]]))
  }
  /** What release 1 calls a cart: every item as often as it was put in. */
  get items(): string[] {
    return [...this.counts].flatMap(([item, count]) => new Array<string>(count).fill(item))
  }
  static of(items: readonly string[]): Cart {
    return items.reduce((cart, item) => cart.with(item), new Cart(new Map()))
  }
}

type Attributes = { q: string; cart: string[] | Cart }

const { NODE_NAME = 'a', REDIS_URL, SHOP_RELEASES = '' } = process.env
const file = join(SHOP_RELEASES, NODE_NAME)
const release = existsSync(file) ? readFileSync(file, 'utf8').trim() : '1'
const cartClass = registered({
  name: 'Cart',
  class: Cart,
  write: (cart: Cart) => cart.counts,
  read: (counts) => new Cart(counts),
})
const sessions = createSessions<Attributes>({
  store: REDIS_URL
    ? redisStore({ client: new Redis(REDIS_URL, redisOptions), namespace: 'shop' })
    : memoryStore({ sweepEveryMs: 0 }),
  codec: release === '1' ? typedJson() : registry([cartClass]),
  storeTimeoutMs: 10_000,
})

/**
 * A modest password hash: about a tenth of a second of CPU, a third of what OWASP's cheat sheet asks of scrypt with this N. On the
 * server's own thread, as password libraries in plain JavaScript have it.
 */
const hashing = { N: 2 ** 15, r: 8, p: 1, maxmem: 64 * 2 ** 20 }

const itemsOf = (cart: string[] | Cart | undefined): string[] => (cart instanceof Cart ? cart.items : (cart ?? []))

function added(cart: string[] | Cart | undefined, item: string): string[] | Cart {
  if (release === '1') return [...itemsOf(cart), item]
  return (cart instanceof Cart ? cart : Cart.of(cart ?? [])).with(item)
}

const handle = withSessions(
  sessions,
  async (request: IncomingMessage, response: ServerResponse, session: Session<Attributes>) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://shop')
    response.setHeader('x-served-by', NODE_NAME)
    response.setHeader('x-release', release)
    if (pathname === '/set') {
      await session.set('q', searchParams.get('q') ?? '')
      response.end(`Saved: ${searchParams.get('q')}`)
    } else if (pathname === '/cart/add') {
      await session.update('cart', (cart) => added(cart, searchParams.get('item') ?? ''))
      response.end('added')
    } else if (pathname === '/login') {
      scryptSync('correct horse', searchParams.get('user') ?? '', 32, hashing)
      response.end('logged in')
    } else if (pathname === '/cart') {
      response.end(JSON.stringify(itemsOf(await session.get('cart'))))
    } else {
      const q = await session.get('q')
      if (q === undefined) response.statusCode = 404
      response.end(q ?? 'no session')
    }
  },
)

serveNode(handle)
