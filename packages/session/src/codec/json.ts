import { asBuffer, type Codec, step, UnencodableError } from './codec.ts'

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
  if (Array.isArray(value)) checkArray(value, path, above)
  else checkObject(value, path, above)
  above.pop()
}

function checkNumber(value: number, path: string): void {
  if (!Number.isFinite(value)) throw new UnencodableError(path, `is ${value}, which JSON turns into null`)
  if (Object.is(value, -0)) throw new UnencodableError(path, 'is -0, which JSON turns into 0')
}

function checkArray(value: readonly unknown[], path: string, above: object[]): void {
  if (Object.getPrototypeOf(value) !== Array.prototype) throw new UnencodableError(path, 'is not a plain array')
  const keys = Reflect.ownKeys(value)
  if (keys.length !== value.length + 1) throw new UnencodableError(path, 'is an array with holes or extra properties')
  for (let i = 0; i < value.length; i++) {
    if (!Object.hasOwn(value, i)) throw new UnencodableError(`${path}[${i}]`, 'is a hole, which JSON turns into null')
    check(value[i], `${path}[${i}]`, above)
  }
}

function checkObject(value: object, path: string, above: object[]): void {
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype) throw new UnencodableError(path, describe(value, prototype))
  for (const key of Reflect.ownKeys(value)) {
    if (typeof key === 'symbol') throw new UnencodableError(path, 'has a symbol for a key, which JSON drops')
    const at = step(path, key)
    const property = Object.getOwnPropertyDescriptor(value, key)
    if (!property?.enumerable) throw new UnencodableError(at, 'is not enumerable, so JSON drops it')
    if (property.get || property.set)
      throw new UnencodableError(at, 'is an accessor, which comes back as a plain value')
    check(property.value, at, above)
  }
}

function describe(value: object, prototype: unknown): string {
  if (prototype === null) return 'has no prototype, but would come back with one; spread it: { ...value }'
  const name = value.constructor?.name || 'unnamed'
  return `is an instance of ${name}, which JSON does not bring back (see the typed-json, v8 and registry codecs)`
}

const a = (noun: string): string => (/^[aeiou]/.test(noun) ? `an ${noun}` : `a ${noun}`)
