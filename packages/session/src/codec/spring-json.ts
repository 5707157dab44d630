import { asBuffer, type Codec, UnencodableError } from './codec.ts'
import { eachItem, eachProperty } from './plain.ts'

/** Where Spring's own JSON names a Java class in an object. */
const CLASS = '@class'

/** The classes that are written, each in Jackson's own form: what is not here is never named, whatever a value holds. */
const JAVA = {
  map: 'java.util.LinkedHashMap',
  list: 'java.util.ArrayList',
  set: 'java.util.LinkedHashSet',
  date: 'java.util.Date',
  long: 'java.lang.Long',
} as const

/** All of `java.util`'s lists, sets and maps are as good as another: they come back as the usual one. */
const LISTS = /^java\.util\.(concurrent\.)?[\w$]*List[\dN]*$/
const SETS = /^java\.util\.(Linked)?(Hash|Tree)Set$/
const MAPS = /^java\.util\.(concurrent\.)?[\w$]*Map[\dN]*$/

/** What Jackson reads at most, Boot 3 and 4 (`StreamReadConstraints`): past that every page of the user would fail. */
const MAX_DEPTH = 400
const MAX_KEY_CHARS = 50_000
const MAX_TEXT_CHARS = 20_000_000

/** Boot 4 writes dates in ISO 8601: by Julius's calendar before, and in a form of its own after. */
const FIRST_DATE = Date.UTC(1583, 0)
const END_OF_DATES = Date.UTC(10_000, 0)

const MIN_LONG = -(2n ** 63n)
const MAX_LONG = 2n ** 63n - 1n

const made = new WeakSet<Codec>()

/** Tells whether a codec is one that `springJson` made. */
export const isSpringJson = (codec: Codec): boolean => made.has(codec)

/**
 * The JSON of Spring Session's `RedisSerializer.json()` and `GenericJackson2JsonRedisSerializer` (Boot 3 and 4), both ways:
 * plain object ↔ `Map`, array ↔ `List`, `Set` ↔ `Set`, `Date` ↔ `java.util.Date`, BigInt ↔ `Long`, string, number, boolean,
 * `null`. Java takes a name in some places for a class to construct: no value can put one there; a key `@class` is refused,
 * and so is whatever Jackson would not read. An instance of any other Java class makes its attribute read as absent.
 * @example
 * createSessions({ store: redisStore({ client, ids: 'spring' }), codec: springJson(), cookie: { encoding: 'base64' } })
 */
export function springJson(): Codec {
  const codec: Codec = { name: 'spring-json', encode: (value) => Buffer.from(write(value, '', [], 1)), decode }
  made.add(codec)
  return codec
}

function write(value: unknown, path: string, above: object[], depth: number): string {
  switch (typeof value) {
    case 'string':
      return text(value, path, MAX_TEXT_CHARS)
    case 'number':
      return number(value, path)
    case 'boolean':
      return String(value)
    case 'bigint':
      if (value < MIN_LONG || value > MAX_LONG) throw new UnencodableError(path, 'does not fit a Java Long')
      return typed(JAVA.long, String(value))
    case 'object':
      return value === null ? 'null' : container(value, path, above, depth)
    default:
      throw new UnencodableError(path, `is of type ${typeof value}, which spring-json does not keep`)
  }
}

function container(value: object, path: string, above: object[], depth: number): string {
  if (value instanceof Date && isBare(value, Date.prototype)) {
    const ms = value.getTime()
    if (ms >= FIRST_DATE && ms < END_OF_DATES) return typed(JAVA.date, String(ms))
    throw new UnencodableError(
      path,
      Number.isNaN(ms) ? 'is an invalid Date' : 'is a Date outside of the years 1583 to 9999',
    )
  }
  if (above.includes(value)) throw new UnencodableError(path, 'contains itself, which JSON cannot express')
  if (depth > MAX_DEPTH) throw new UnencodableError(path, 'is nested deeper than Spring reads')
  above.push(value)
  const json = nested(value, path, above, depth)
  above.pop()
  return json
}

function nested(value: object, path: string, above: object[], depth: number): string {
  const parts: string[] = []
  // A list is an array within an array, which counts twice.
  const item = (child: unknown, at: string): unknown => parts.push(write(child, at, above, depth + 2))
  if (Array.isArray(value)) {
    eachItem(value, path, item)
    return typed(JAVA.list, `[${parts.join()}]`)
  }
  if (value instanceof Set && isBare(value, Set.prototype)) {
    for (const child of value) {
      if (typeof child === 'object' && child !== null) {
        throw new UnencodableError(
          `${path}.values()`,
          'is an object in a Set, where Java would take equal ones for one',
        )
      }
      item(child, `${path}.values()`)
    }
    return typed(JAVA.set, `[${parts.join()}]`)
  }
  if (value instanceof Map) throw new UnencodableError(path, 'is a Map; store Object.fromEntries(map)')
  parts.push(`"${CLASS}":"${JAVA.map}"`)
  eachProperty(value, path, (child, at, key) => {
    if (key.toLowerCase() === CLASS) throw new UnencodableError(at, 'is named @class, which names a class in Java')
    parts.push(`${text(key, at, MAX_KEY_CHARS)}:${write(child, at, above, depth + 1)}`)
  })
  return `{${parts.join()}}`
}

const typed = (name: string, content: string): string => `["${name}",${content}]`

const isBare = (value: object, prototype: object): boolean =>
  Object.getPrototypeOf(value) === prototype && Reflect.ownKeys(value).length === 0

function text(value: string, path: string, max: number): string {
  if (!value.isWellFormed()) throw new UnencodableError(path, 'holds half a surrogate pair, which Java cannot write')
  if (value.length > max)
    throw new UnencodableError(path, `is longer than ${max} characters, which Spring does not read`)
  return JSON.stringify(value)
}

/** Whole numbers up to 2^53 are `Integer` or, beyond 32 bits, `Long` in Java; all others, -0 included, are `Double`. */
function number(value: number, path: string): string {
  if (!Number.isFinite(value)) throw new UnencodableError(path, `is ${value}, which JSON does not keep`)
  if (Object.is(value, -0)) return '-0.0'
  const digits = String(value)
  return Number.isSafeInteger(value) || /[.e]/.test(digits) ? digits : `${digits}.0`
}

function decode(bytes: Uint8Array): unknown {
  const json = asBuffer(bytes).toString()
  // Digits that a JavaScript number cannot hold become a BigInt; looking at each number's text is slow, so only when needed.
  return read(/\d{16}/.test(json) ? JSON.parse(json, exact as never) : JSON.parse(json))
}

function exact(_key: string, value: unknown, { source }: { readonly source?: string }): unknown {
  return typeof value === 'number' && !Number.isSafeInteger(value) && /^-?\d+$/.test(source ?? '')
    ? BigInt(source as string)
    : value
}

function read(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (!Array.isArray(value)) return readMap(value as Record<string, unknown>)
  const [name, content] = value as unknown[]
  if (value.length !== 2 || typeof name !== 'string') throw new TypeError('a JSON array without its Java class')
  return readTyped(name, content)
}

function readTyped(name: string, content: unknown): unknown {
  const isWhole = Number.isSafeInteger(content) || typeof content === 'bigint'
  if (LISTS.test(name) && Array.isArray(content)) return content.map(read)
  if (SETS.test(name) && Array.isArray(content)) return new Set(content.map(read))
  if (name === JAVA.date) return readDate(content)
  if ((name === JAVA.long || name === 'java.math.BigInteger') && isWhole) return BigInt(content as number | bigint)
  if (/^java\.lang\.(Integer|Short|Byte|Float|Double)$/.test(name) && typeof content === 'number') return content
  throw new TypeError(`an instance of ${name}, which spring-json does not read`)
}

/** Boot 3 writes epoch ms, Boot 4 ISO 8601. */
function readDate(content: unknown): Date {
  const date = new Date(typeof content === 'number' || typeof content === 'string' ? content : Number.NaN)
  if (Number.isNaN(date.getTime())) throw new TypeError('a java.util.Date that is no date')
  return date
}

/** Changed in place, so that a key named `__proto__` stays an ordinary one. */
function readMap(value: Record<string, unknown>): object {
  const name = value[CLASS]
  if (typeof name !== 'string' || !MAPS.test(name)) {
    throw new TypeError(`an instance of ${JSON.stringify(name) ?? 'no class'}, which spring-json does not read`)
  }
  delete value[CLASS]
  for (const key of Object.keys(value)) value[key] = read(value[key])
  return value
}
