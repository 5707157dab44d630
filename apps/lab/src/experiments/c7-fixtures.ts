import { isDeepStrictEqual } from 'node:util'
import { type RegisteredClass, registered } from '@session-cluster/session'
import { type Text, text } from '../language.ts'

/** A value that an application might put into a session, and how to tell that it came back as it was. */
export interface Fixture {
  readonly id: string
  readonly name: Text | string
  make(): unknown
  same(value: unknown): boolean
}

/** An ordinary class: an amount and what can be done with it. */
export class Money {
  readonly amount: number
  readonly currency: string
  constructor(amount: number, currency: string) {
    this.amount = amount
    this.currency = currency
  }
  toString(): string {
    return `${this.amount} ${this.currency}`
  }
}

/** A class whose state nobody outside can see, and so no serializer either. */
export class Pin {
  readonly #digits: string
  constructor(digits: string) {
    this.#digits = digits
  }
  matches(digits: string): boolean {
    return this.#digits === digits
  }
  /** What the registry writes. */
  static write(pin: Pin): string {
    return pin.#digits
  }
}

/** The tutorial's example: it cannot be made without an authentication, so no serializer can make an empty one and fill it. */
export class SecurityContext {
  readonly #authentication: { readonly name: string; readonly authorities: ReadonlySet<string> }
  constructor(authentication: { name: string; authorities: ReadonlySet<string> }) {
    if (typeof authentication?.name !== 'string') throw new TypeError('a SecurityContext needs an authentication')
    this.#authentication = authentication
  }
  get authentication() {
    return this.#authentication
  }
  isGranted(authority: string): boolean {
    return this.#authentication.authorities.has(authority)
  }
}

/** What the registry codec is told. */
export const classes: readonly RegisteredClass[] = [
  registered({
    name: 'Money',
    class: Money,
    write: ({ amount, currency }: Money) => [amount, currency] as [number, string],
    read: (content) => new Money(...content),
  }),
  registered({ name: 'Pin', class: Pin, write: Pin.write, read: (digits) => new Pin(digits) }),
  registered({
    name: 'SecurityContext',
    class: SecurityContext,
    write: (context: SecurityContext) => context.authentication,
    read: (authentication) => new SecurityContext(authentication),
  }),
]

const deep = (id: string, name: Text | string, make: () => unknown): Fixture => ({
  id,
  name,
  make,
  same: (value) => isDeepStrictEqual(value, make()),
})

function cycle(): unknown {
  const node: { name: string; self?: unknown } = { name: 'loop' }
  node.self = node
  return node
}

/** In the order of the specification's list. */
export const fixtures: readonly Fixture[] = [
  deep('plain', text('plain', '일반 값'), () => ({
    user: 'alice',
    cart: ['book', 'pen'],
    count: 3,
    vip: true,
    note: null,
  })),
  deep('date', 'Date', () => ({ at: new Date(1_700_000_000_000) })),
  deep('map', 'Map', () => ({ prices: new Map([['book', 12]]) })),
  deep('set', 'Set', () => ({ roles: new Set(['admin']) })),
  deep('bigint', 'BigInt', () => ({ balance: 12_345_678_901_234_567_890n })),
  {
    ...deep('class', text('class', '클래스'), () => new Money(12, 'EUR')),
    same: (value) => value instanceof Money && value.toString() === '12 EUR',
  },
  {
    id: 'private',
    name: text('private field', '비공개 필드'),
    make: () => new Pin('4711'),
    same: (value) => value instanceof Pin && value.matches('4711'),
  },
  {
    id: 'function',
    name: text('function', '함수'),
    make: () => ({ greet: () => 'hello' }),
    same: (value) => (value as { greet?: () => string } | null | undefined)?.greet?.() === 'hello',
  },
  {
    id: 'cycle',
    name: text('cycle', '순환'),
    make: cycle,
    same: (value) => value instanceof Object && (value as { self?: unknown }).self === value,
  },
  {
    id: 'security-context',
    name: 'SecurityContext',
    make: () => new SecurityContext({ name: 'alice', authorities: new Set(['ROLE_USER']) }),
    same: (value) => value instanceof SecurityContext && value.isGranted('ROLE_USER') && !value.isGranted('ROLE_ADMIN'),
  },
]

/** A cart of about so many bytes as JSON: what sessions are mostly made of. */
export function cartOfSize(bytes: number): unknown {
  const items = Math.max(1, Math.round(bytes / 64))
  return {
    user: 'alice',
    items: Array.from({ length: items }, (_, index) => ({
      sku: `A-${10_000 + index}`,
      title: 'An ordinary thing',
      price: 100 + index,
    })),
  }
}
