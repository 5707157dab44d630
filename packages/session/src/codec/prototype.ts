/**
 * Whether an object is plain: made by braces, here or in another realm (a `vm` context), or without the usual prototype, as
 * `Object.create(null)`, `Object.groupBy`, a RegExp's named groups, `querystring.parse` and Fastify's `query` and `params` are.
 * It comes back as one made by braces.
 */
export function isPlainObject(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype === Object.prototype) return true
  if (Object.prototype.toString.call(value) !== '[object Object]') return false
  if (prototype === null) return true
  return Object.getPrototypeOf(prototype) === null && (isEmpty(prototype) || isForeign(prototype, 'Object'))
}

/** Whether an array is plain: of no subclass, in whichever realm it was made. */
export function isPlainArray(value: readonly unknown[]): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Array.prototype || (Array.isArray(prototype) && isForeign(prototype, 'Array'))
}

/** What parsers give their objects so as not to let them inherit anything. */
const isEmpty = (prototype: unknown): boolean => Reflect.ownKeys(prototype as object).length === 0

/** Whether it is another realm's own `Object.prototype` or `Array.prototype`: its constructor is native code of that name. */
function isForeign(prototype: unknown, name: 'Object' | 'Array'): boolean {
  const maker: unknown = Object.getOwnPropertyDescriptor(prototype, 'constructor')?.value
  return typeof maker === 'function' && Function.prototype.toString.call(maker) === NATIVE[name]
}

const NATIVE = {
  Object: Function.prototype.toString.call(Object),
  Array: Function.prototype.toString.call(Array),
} as const

/** What is said of an object that a codec does not bring back, and what to do instead. */
export function foreign(value: object): string {
  const { name } = (value.constructor ?? {}) as { name?: unknown }
  const known = typeof name === 'string' && name !== '' ? name : 'a nameless class'
  return `is an instance of ${known}, which does not come back as one; store what is in it as a plain object`
}
