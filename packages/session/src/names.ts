import { show } from './show.ts'

/** The names of all options of `T`; the compiler keeps the list whole. */
export type Names<T> = Record<keyof T, true>

/**
 * Throws a `TypeError` unless the options are an object of known names: a misspelt option must not be ignored, because what it was
 * meant to switch on stays off.
 */
export function checkNames<T>(where: string, options: unknown, names: Names<Required<T>>, prefix = ''): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new TypeError(
      `${where}: ${prefix || 'the options are'}${prefix && ' is'} ${show(options)}, but must be an object`,
    )
  }
  const unknown = Object.keys(options).find((name) => !Object.hasOwn(names, name))
  if (unknown === undefined) return
  const path = (name: string) => (prefix === '' ? name : `${prefix}.${name}`)
  throw new TypeError(
    `${where}: there is no option ${path(unknown)}; there are ${Object.keys(names).map(path).join(', ')}`,
  )
}
