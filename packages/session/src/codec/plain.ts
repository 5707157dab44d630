import { step, UnencodableError } from './codec.ts'
import { foreign, isPlainArray, isPlainObject } from './prototype.ts'

/** Is given each child of a value and the path to it. */
export type Visit = (child: unknown, path: string) => void

/** Visits an array's items. Throws an `UnencodableError` unless it is a plain array without holes: JSON keeps no other. */
export function eachItem(value: readonly unknown[], path: string, visit: Visit): void {
  if (!isPlainArray(value)) throw new UnencodableError(path, 'is not a plain array')
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
  if (!isPlainObject(value)) throw new UnencodableError(path, foreign(value))
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
