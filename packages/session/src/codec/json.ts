import { asBuffer, type Codec, UnencodableError } from './codec.ts'
import { eachItem, eachProperty } from './plain.ts'
import { BUILTINS } from './shape.ts'

/**
 * Plain JSON, byte for byte what Spring's `RedisSerializer.json()` writes for strings, booleans and numbers.
 * Refuses whatever JSON would change or drop: dates, maps, class instances, `undefined`, `NaN`, `-0`, cycles.
 * @example
 * createSessions({ store, codec: json() })
 */
export function json(): Codec {
  return { name: 'json', encode, decode }
}

function encode(value: unknown): Buffer {
  if (typeof value !== 'string' && typeof value !== 'boolean') check(value, '', [])
  return Buffer.from(JSON.stringify(value))
}

function decode(bytes: Uint8Array): unknown {
  return JSON.parse(asBuffer(bytes).toString())
}

function check(value: unknown, path: string, above: object[]): void {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return
  if (typeof value === 'number') {
    checkNumber(value, path)
    return
  }
  if (typeof value !== 'object') throw new UnencodableError(path, `is ${a(typeof value)}, which JSON does not keep`)
  if (above.includes(value)) throw new UnencodableError(path, 'contains itself, which JSON cannot express')
  above.push(value)
  const visit = (child: unknown, at: string): void => check(child, at, above)
  checkKnown(value, path)
  if (Array.isArray(value)) eachItem(value, path, visit)
  else eachProperty(value, path, visit)
  above.pop()
}

/** Other codecs keep these. */
function checkKnown(value: object, path: string): void {
  const prototype = Object.getPrototypeOf(value) as { constructor: { name: string } }
  if (!KEPT_ELSEWHERE.has(prototype)) return
  const { name } = prototype.constructor
  throw new UnencodableError(
    path,
    `is an instance of ${name}, which JSON does not bring back; the typedJson() and v8() codecs do`,
  )
}

const KEPT_ELSEWHERE: ReadonlySet<object> = new Set(BUILTINS)

function checkNumber(value: number, path: string): void {
  if (!Number.isFinite(value)) throw new UnencodableError(path, `is ${value}, which JSON turns into null`)
  if (Object.is(value, -0)) throw new UnencodableError(path, 'is -0, which JSON turns into 0')
}

const a = (noun: string): string => (/^[aeiou]/i.test(noun) ? `an ${noun}` : `a ${noun}`)
