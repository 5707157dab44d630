import { parse, stringify } from 'devalue'
import { asBuffer, type Codec } from './codec.ts'
import { BUILTINS, checkShape, type ShapeRules } from './shape.ts'

/** How instances of one class are written and brought back. */
export interface RegisteredClass<T extends object = object, C = unknown> {
  /** What the class is called in the store. Stays when the class is renamed in the code. */
  readonly name: string
  readonly class: { readonly prototype: T; readonly name: string }
  /** An instance's content, as plain values (or other registered instances). */
  readonly write: (instance: T) => C
  /** An instance from that content. */
  readonly read: (content: C) => T
}

/** Describes one class to `registry`, with its types inferred. */
export const registered = <T extends object, C>(entry: RegisteredClass<T, C>): RegisteredClass => entry as never

/**
 * As `typedJson`, and instances of registered classes come back as instances. Instances of any other class are refused;
 * a stored class that is not registered (any longer) makes its attribute read as absent.
 * @example
 * registry([registered({ name: 'Money', class: Money, write: (m) => m.cents, read: (cents) => new Money(cents) })])
 */
export function registry(classes: readonly RegisteredClass[]): Codec {
  checkClasses(classes)
  const byPrototype = new Map(classes.map((entry) => [entry.class.prototype as object, entry]))
  const find = (value: unknown): RegisteredClass | undefined =>
    typeof value === 'object' && value !== null ? byPrototype.get(Object.getPrototypeOf(value) as object) : undefined
  const rules: ShapeRules = {
    codec: 'registry',
    builtins: new Set([...BUILTINS, URL.prototype, URLSearchParams.prototype]),
    keepsProtoKey: false,
    inside(value) {
      const entry = find(value)
      return entry && { content: entry.write(value) }
    },
  }
  const reducers = Object.fromEntries(classes.map((entry) => [tag(entry), reducer(entry, find)]))
  const revivers = Object.fromEntries(
    classes.map((entry) => [tag(entry), ([content]: [unknown]) => entry.read(content)]),
  )
  return {
    name: 'registry',
    encode(value) {
      checkShape(value, rules)
      return Buffer.from(stringify(value, reducers))
    },
    decode: (bytes) => parse(asBuffer(bytes).toString(), revivers) as unknown,
  }
}

/** Apart from the built-in types' names, whatever those will be. */
const tag = ({ name }: RegisteredClass): string => `~${name}`

/** The content travels in an array, because devalue takes a falsy answer for "not mine". */
const reducer =
  (entry: RegisteredClass, find: (value: unknown) => RegisteredClass | undefined) =>
  (value: unknown): [unknown] | undefined =>
    find(value) === entry ? [entry.write(value as object)] : undefined

function checkClasses(classes: readonly RegisteredClass[]): void {
  const names = new Set<string>()
  for (const { name, class: described, write, read } of classes) {
    if (!/^[A-Za-z][\w.-]{0,99}$/.test(name)) {
      throw new TypeError(
        `registry: name is ${JSON.stringify(name)}, but must be a letter and up to 99 of A–Z a–z 0–9 _ . -`,
      )
    }
    if (names.has(name)) throw new TypeError(`registry: the name ${name} is given twice`)
    names.add(name)
    if (typeof described !== 'function') throw new TypeError(`registry: class of ${name} must be a class`)
    if (typeof write !== 'function' || typeof read !== 'function') {
      throw new TypeError(`registry: ${name} needs write and read functions`)
    }
  }
}
