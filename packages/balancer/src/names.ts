import { inspect } from 'node:util'

/** What a number may be, both ends included. */
export type Range = readonly [least: number, most: number, kind?: 'whole']

/** The names of all options of `T`, numbers with their range; the compiler keeps the list whole. */
export type Names<T> = Record<keyof T, true | Range>

/** Milliseconds that a timer can count: longer ones would fire at once. */
export const MAX_MS = 2 ** 31 - 1

/**
 * Throws a `TypeError` unless the options are an object of known names and its numbers are in their ranges: a misspelt option
 * must not be ignored, because what it was meant to switch on stays off.
 */
export function checkNames<T>(where: string, options: unknown, names: Names<Required<T>>, prefix = ''): void {
  if (typeof options !== 'object' || options === null) {
    throw new TypeError(
      `${where}: ${prefix || 'the options are'}${prefix && ' is'} ${inspect(options)}, but must be an object`,
    )
  }
  const path = (name: string) => (prefix === '' ? name : `${prefix}.${name}`)
  for (const [name, value] of Object.entries(options)) {
    if (!Object.hasOwn(names, name)) {
      const all = Object.keys(names).map(path).join(', ')
      throw new TypeError(`${where}: there is no option ${path(name)}; there are ${all}`)
    }
    const range = names[name as keyof T]
    if (range !== true && value !== undefined) checkNumber(`${where}: ${path(name)}`, value, range)
  }
}

function checkNumber(what: string, value: unknown, [least, most, kind]: Range): void {
  const isRight = typeof value === 'number' && value >= least && value <= most
  if (isRight && (kind !== 'whole' || Number.isInteger(value) || value === Number.POSITIVE_INFINITY)) return
  const wanted = kind === 'whole' ? 'a whole number' : 'a number'
  throw new TypeError(`${what} is ${inspect(value)}, but must be ${wanted} from ${least} to ${most}`)
}
