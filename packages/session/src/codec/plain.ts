import { step, UnencodableError } from './codec.ts'

/** Is given each child of a value and the path to it. */
export type Visit = (child: unknown, path: string) => void

/** Visits an array's items. Throws an `UnencodableError` unless it is a plain array without holes: JSON keeps no other. */
export function eachItem(value: readonly unknown[], path: string, visit: Visit): void {
  if (Object.getPrototypeOf(value) !== Array.prototype) throw new UnencodableError(path, 'is not a plain array')
  const keys = Reflect.ownKeys(value)
  if (keys.length !== value.length + 1) throw new UnencodableError(path, 'is an array with holes or extra properties')
  for (let i = 0; i < value.length; i++) {
    if (!Object.hasOwn(value, i)) throw new UnencodableError(`${path}[${i}]`, 'is a hole, which JSON turns into null')
    visit(value[i], `${path}[${i}]`)
  }
}

/** Visits an object's properties, by name. Throws an `UnencodableError` unless it is a plain object of plain properties. */
export function eachProperty(
  value: object,
  path: string,
  visit: (child: unknown, path: string, key: string) => void,
): void {
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype) throw new UnencodableError(path, describe(value, prototype))
  for (const key of Reflect.ownKeys(value)) {
    if (typeof key === 'symbol') throw new UnencodableError(path, 'has a symbol for a key, which JSON drops')
    const at = step(path, key)
    const property = Object.getOwnPropertyDescriptor(value, key)
    if (!property?.enumerable) throw new UnencodableError(at, 'is not enumerable, so JSON drops it')
    if (property.get || property.set)
      throw new UnencodableError(at, 'is an accessor, which comes back as a plain value')
    visit(property.value, at, key)
  }
}

function describe(value: object, prototype: unknown): string {
  if (prototype === null) return 'has no prototype, but would come back with one; spread it: { ...value }'
  const name = value.constructor?.name || 'unnamed'
  return `is an instance of ${name}, which JSON does not bring back (see the typed-json, v8 and registry codecs)`
}
