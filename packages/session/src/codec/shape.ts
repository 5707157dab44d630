import { step, UnencodableError } from './codec.ts'
import { foreign, isPlainArray, isPlainObject } from './prototype.ts'

/** What a codec keeps beside plain objects, arrays and primitives. */
export interface ShapeRules {
  /** The codec's name, for messages. */
  readonly codec: string
  /** Prototypes whose instances come back as they are. */
  readonly builtins: ReadonlySet<object>
  /** Whether an own property named `__proto__` comes back; devalue refuses it, lest a careless reader be polluted. */
  readonly keepsProtoKey: boolean
  /** What is inside an instance of a registered class; `undefined` when its class is not registered. */
  readonly inside?: (value: object) => { readonly content: unknown } | undefined
}

const TYPED_ARRAYS = [
  Int8Array,
  Uint8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
]

/** Dates, maps, sets, regular expressions and binary data: what Node's structured clone keeps too. */
export const BUILTINS: readonly object[] = [Date, Map, Set, RegExp, ArrayBuffer, ...TYPED_ARRAYS].map(
  (builtin) => builtin.prototype as object,
)

/** Throws an `UnencodableError` at the first thing in `value` that would not come back as it is. */
export function checkShape(value: unknown, rules: ShapeRules): void {
  new Walk(rules).check(value, '')
}

class Walk {
  readonly #rules: ShapeRules
  readonly #seen = new Set<object>()

  constructor(rules: ShapeRules) {
    this.#rules = rules
  }

  check(value: unknown, path: string): void {
    if (typeof value === 'function' || typeof value === 'symbol') {
      throw new UnencodableError(path, `is a ${typeof value}, which ${this.#rules.codec} does not keep`)
    }
    if (typeof value !== 'object' || value === null || this.#seen.has(value)) return
    this.#seen.add(value)
    this.#checkObject(value, path)
  }

  #checkObject(value: object, path: string): void {
    const prototype = Object.getPrototypeOf(value) as object | null
    if (Array.isArray(value) && isPlainArray(value)) this.#checkArray(value, path)
    else if (isPlainObject(value)) this.#checkRecord(value, path)
    else if (prototype && this.#rules.builtins.has(prototype)) this.#checkBuiltin(value, path)
    else this.#checkInstance(value, path)
  }

  #checkArray(value: readonly unknown[], path: string): void {
    for (const key of Reflect.ownKeys(value)) {
      if (key === 'length') continue
      const index = typeof key === 'string' ? Number(key) : Number.NaN
      if (!(index < value.length)) throw new UnencodableError(path, 'is an array with extra properties')
      this.check(value[index], `${path}[${String(key)}]`)
    }
  }

  #checkRecord(value: object, path: string): void {
    for (const key of Reflect.ownKeys(value)) {
      if (typeof key === 'symbol') throw new UnencodableError(path, 'has a symbol for a key')
      const at = step(path, key)
      if (key === '__proto__' && !this.#rules.keepsProtoKey) {
        throw new UnencodableError(at, `is named __proto__, which ${this.#rules.codec} does not keep`)
      }
      const property = Object.getOwnPropertyDescriptor(value, key)
      if (!property?.enumerable) throw new UnencodableError(at, 'is not enumerable, so it would be dropped')
      if (property.get || property.set) throw new UnencodableError(at, 'is an accessor, not a plain value')
      this.check(property.value, at)
    }
  }

  #checkBuiltin(value: object, path: string): void {
    if (value instanceof Map) {
      for (const [key, item] of value) {
        this.check(key, `${path}.keys()`)
        this.check(item, `${path}.get(${typeof key === 'object' ? '…' : JSON.stringify(String(key))})`)
      }
    } else if (value instanceof Set) {
      for (const item of value) this.check(item, `${path}.values()`)
    } else if (value instanceof RegExp && value.lastIndex !== 0) {
      throw new UnencodableError(path, 'is a RegExp with a lastIndex, which would be dropped')
    }
    const isView = ArrayBuffer.isView(value)
    const extra = isView
      ? 0
      : Reflect.ownKeys(value).filter((key) => !(value instanceof RegExp && key === 'lastIndex')).length
    if (extra > 0) throw new UnencodableError(path, 'has extra properties, which would be dropped')
  }

  #checkInstance(value: object, path: string): void {
    const inside = this.#rules.inside?.(value)
    if (inside) {
      this.check(inside.content, path)
      return
    }
    if (Buffer.isBuffer(value)) throw new UnencodableError(path, 'is a Buffer; store new Uint8Array(buffer)')
    const isListed = this.#rules.inside !== undefined
    const advice = isListed ? ', or name its class to registry()' : ', or use the registry() codec and name its class'
    throw new UnencodableError(path, foreign(value) + advice)
  }
}
