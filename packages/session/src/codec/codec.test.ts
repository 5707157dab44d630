import querystring from 'node:querystring'
import vm from 'node:vm'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Codec, UnencodableError } from './codec.ts'
import { json } from './json.ts'
import { registered, registry } from './registry.ts'
import { springJson } from './spring-json.ts'
import { typedJson } from './typed-json.ts'
import { v8 } from './v8.ts'

class Money {
  readonly #cents: number
  constructor(cents: number) {
    this.#cents = cents
  }
  get cents(): number {
    return this.#cents
  }
}
class Basket {
  readonly lines: Map<string, Money>
  constructor(lines: Map<string, Money>) {
    this.lines = lines
  }
}
const classes = [
  registered({ name: 'Money', class: Money, write: (money) => money.cents, read: (cents) => new Money(cents) }),
  registered({ name: 'Basket', class: Basket, write: (basket) => basket.lines, read: (lines) => new Basket(lines) }),
]
const codecs: Codec[] = [json(), springJson(), typedJson(), v8(), registry(classes)]

/** What parsers and Node make, as plain as anything that braces make. */
function NullObject(): void {}
NullObject.prototype = Object.create(null)
const withNullObject: object = Reflect.construct(NullObject, [])
const plainObjects: Record<string, object> = {
  'Object.create(null)': Object.assign(Object.create(null), { a: 1 }),
  'objects whose prototype is empty, as Fastify’s query': Object.assign(withNullObject, { a: '1', b: ['2'] }),
  'querystring.parse': querystring.parse('a=1&a=2&b=%20&__proto=x'),
  'Object.groupBy': Object.groupBy([1, 2, 3], (n) => (n % 2 ? 'odd' : 'even')),
  'named groups': /(?<year>\d+)-(?<month>\d+)/.exec('2026-11')?.groups ?? {},
  'another realm’s objects': vm.runInNewContext('({ a: [1, { b: null }], c: {} })'),
  'another realm’s objects without a prototype': vm.runInNewContext('Object.assign(Object.create(null), { a: 1 })'),
}
const impostors: Record<string, object> = {
  'instances of a class without a parent': Object.create(
    class extends (null as never as ObjectConstructor) {}.prototype,
  ),
  'heirs of another object': Object.create({ inherited: 1 }),
  'heirs of an object without a prototype': Object.create(Object.assign(Object.create(null), { inherited: 1 })),
  'instances of another realm’s class': vm.runInNewContext('new (class Foreign {})()'),
  'another realm’s errors': vm.runInNewContext('new Error("x")'),
  'a promise': Promise.resolve(),
  'a proxy of a class': new Proxy(new (class Hidden {})(), {}),
}

/** Everything that a handler might try to store, and more. */
const anything = fc.anything({
  withBigInt: true,
  withBoxedValues: true,
  withDate: true,
  withMap: true,
  withNullPrototype: true,
  withObjectString: true,
  withSet: true,
  withSparseArray: true,
  withTypedArray: true,
  withUnicodeString: true,
})

describe.each(codecs)('$name', (codec) => {
  it('brings back whatever it accepts, as it was', () => {
    fc.assert(
      fc.property(anything, (value) => {
        let bytes: Uint8Array
        try {
          bytes = codec.encode(value)
        } catch (error) {
          expect(error).toBeInstanceOf(UnencodableError)
          return
        }
        // A clone has the usual prototype: whether an object had one is all that need not come back.
        expect(structuredClone(codec.decode(bytes))).toStrictEqual(structuredClone(value))
      }),
      { numRuns: process.env.TEST_BUDGET === 'full' ? 1500 : 300 },
    )
  })

  it('accepts every value of plain JSON', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        // JSON's own text has no -0 for JavaScript to bring back.
        const text = JSON.stringify(value)
        fc.pre(!text.includes('"__proto__":')) // the next test’s matter
        const plain: unknown = JSON.parse(text)
        expect(codec.decode(codec.encode(plain))).toStrictEqual(plain)
      }),
    )
  })

  it.each(Object.entries(plainObjects))('keeps %s as plain objects', (_name, value) => {
    const back = codec.decode(codec.encode({ value, list: [value] })) as { value: object; list: object[] }
    expect(structuredClone(back)).toStrictEqual(structuredClone({ value, list: [value] }))
    for (const object of [back.value, back.list[0]]) {
      const prototype: unknown = Object.getPrototypeOf(object)
      expect(prototype === null || prototype === Object.prototype).toBe(true)
    }
  })

  it.each(Object.entries(impostors))('refuses %s, which only look plain', (_name, value) => {
    expect(() => codec.encode({ value })).toThrow(UnencodableError)
  })

  it('gives advice that helps: what it says to store is accepted', () => {
    class Point {
      x = 1
    }
    const point = new Point()
    expect(() => codec.encode(point)).toThrow('store what is in it as a plain object')
    expect(codec.decode(codec.encode({ ...point }))).toEqual({ x: 1 })
    for (const value of [new Date(0), new Map([[1, 2]]), new Set([1]), new Uint8Array([1])]) {
      if (codec.name !== 'json') continue
      expect(() => codec.encode(value)).toThrow('the typedJson() and v8() codecs do')
      for (const other of [typedJson(), v8()]) expect(other.decode(other.encode(value))).toStrictEqual(value)
    }
  })

  it('keeps __proto__ as an ordinary key or refuses it, and pollutes nothing', () => {
    const value: unknown = JSON.parse('{"__proto__":{"polluted":true},"constructor":1}')
    const keeps = (codec.name.endsWith('json') && codec.name !== 'typed-json') || codec.name === 'v8'
    if (keeps) expect(codec.decode(codec.encode(value))).toStrictEqual(value)
    else expect(() => codec.encode(value)).toThrow('value.__proto__ is named __proto__')
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined()
  })

  it('refuses functions, symbols and foreign instances, naming the path', () => {
    const refusal = (value: unknown): UnencodableError => {
      try {
        codec.encode(value)
      } catch (error) {
        return error as UnencodableError
      }
      throw new Error('was accepted')
    }
    expect(refusal({ a: [0, () => 1] }).path).toBe('.a[1]')
    expect(refusal({ 'odd key': Symbol('s') }).path).toBe('["odd key"]')
    expect(refusal({ at: new (class Foreign {})() }).message).toMatch(/^value\.at is an instance of Foreign/)
    expect(refusal(new (class MyDate extends Date {})()).message).toContain('MyDate')
    expect(refusal(Object.assign([1], { extra: 1 })).message).toContain('extra properties')
    expect(
      refusal({
        get a() {
          return 1
        },
      }).path,
    ).toBe('.a')
  })

  it('makes of bytes that somebody tampered with a value or an error, and nothing that can be called', () => {
    const honest = codec.encode({ a: ['x', 1, null, { b: true }], q: 'text' })
    const changes = fc.array(fc.tuple(fc.nat(honest.length - 1), fc.nat(255)), { minLength: 1, maxLength: 6 })
    fc.assert(
      fc.property(changes, fc.nat(honest.length), (places, length) => {
        const bytes = Buffer.from(honest)
        for (const [at, byte] of places) bytes[at] = byte
        for (const tampered of [bytes, bytes.subarray(0, length)]) expect(() => callable(tampered)).not.toThrow()
      }),
      { numRuns: 1000 },
    )
    expect(Object.keys(Object.prototype)).toEqual([])

    function callable(bytes: Buffer): void {
      let value: unknown
      try {
        value = codec.decode(bytes)
      } catch {
        return
      }
      walk(value, new Set())
    }

    function walk(value: unknown, seen: Set<unknown>): void {
      if (typeof value === 'function') throw new Error('is a function')
      if (typeof value !== 'object' || value === null || seen.has(value)) return
      seen.add(value)
      for (const key of Reflect.ownKeys(value)) walk(Reflect.get(value, key), seen)
    }
  })

  it('throws at bytes that it cannot read', () => {
    for (const text of ['{"torn', '', '[["Nobody",1]]']) expect(() => check(codec.decode(Buffer.from(text)))).toThrow()
    function check(value: unknown): void {
      if (codec.name === 'json' && Array.isArray(value)) throw new Error('plain JSON has no tags')
    }
  })
})

describe('json', () => {
  it('writes strings, booleans and numbers byte for byte as Spring’s JSON serializer does', () => {
    const text = (value: unknown) => Buffer.from(json().encode(value)).toString()
    expect([text('password'), text(true), text(42), text(1.5), text('한글 "q"')]).toEqual([
      '"password"',
      'true',
      '42',
      '1.5',
      '"한글 \\"q\\""',
    ])
  })

  it('refuses whatever JSON would change', () => {
    const cycle: unknown[] = []
    cycle.push(cycle)
    for (const value of [Number.NaN, Infinity, -0, new Date(), new Map(), [undefined], { a: undefined }, 1n, cycle]) {
      expect(() => json().encode(value)).toThrow(UnencodableError)
    }
  })
})

describe.each([typedJson(), v8(), registry([])])('$name', (codec) => {
  it('keeps dates, maps, sets, bigints, binary data, undefined and cycles', () => {
    const cycle: { self?: unknown } = {}
    cycle.self = cycle
    const value = {
      at: new Date(0),
      map: new Map([[{ k: 1 }, new Set([1n])]]),
      bytes: new Uint8Array([1, 2]),
      no: undefined,
      nan: Number.NaN,
      re: /x/g,
    }
    expect(codec.decode(codec.encode(value))).toStrictEqual(value)
    const back = codec.decode(codec.encode(cycle)) as typeof cycle
    expect(back.self).toBe(back)
  })
})

describe('registry', () => {
  it('brings instances back as instances, nested ones too', () => {
    const codec = registry(classes)
    const back = codec.decode(codec.encode({ basket: new Basket(new Map([['tea', new Money(0)]])) })) as {
      basket: Basket
    }
    expect(back.basket).toBeInstanceOf(Basket)
    expect(back.basket.lines.get('tea')).toBeInstanceOf(Money)
    expect(back.basket.lines.get('tea')?.cents).toBe(0)
  })

  it('throws at an instance whose class is not registered any longer', () => {
    const bytes = registry(classes).encode(new Money(5))
    expect(() => registry([]).decode(bytes)).toThrow()
  })

  it('refuses what an instance holds when that would not come back', () => {
    expect(() => registry(classes).encode(new Basket(new Map([['x', (() => 1) as never]])))).toThrow('is a function')
  })

  it.each([
    [[{ ...classes[0], name: 'two words' }], 'name is "two words"'],
    [[classes[0], classes[0]], 'Money is given twice'],
    [[{ ...classes[0], write: undefined }], 'Money needs write and read'],
    [[{ ...classes[0], class: {} }], 'class of Money must be a class'],
  ])('refuses bad classes %#', (bad, message) => {
    expect(() => registry(bad as never)).toThrow(message)
  })
})
