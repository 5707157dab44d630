import { Refusal } from './refusal.ts'

/** What came in a query string or a form, decoded: every value of a name, in the order in which they came. */
export type Fields = ReadonlyMap<string, readonly string[]>

/** The parts of a request that may carry fields. */
export interface FieldSource {
  query: unknown
  body?: unknown
}

/**
 * Decodes `application/x-www-form-urlencoded` text strictly (WHATWG URL §5.1, but `%FF` and other
 * bytes that are not UTF-8 are refused with 400 instead of being replaced: a value is kept exactly or not at all).
 */
export function parseFields(encoded: string): Fields {
  const fields = new Map<string, string[]>()
  for (const pair of encoded.split('&')) {
    if (pair === '') continue
    const equals = pair.indexOf('=')
    const name = decode(equals === -1 ? pair : pair.slice(0, equals))
    const value = equals === -1 ? '' : decode(pair.slice(equals + 1))
    fields.set(name, [...(fields.get(name) ?? []), value])
  }
  return fields
}

/** Encoded text, kept as it came: it is decoded where a 400 can be answered, not inside the router. */
export class EncodedFields {
  readonly #encoded: string

  constructor(encoded: string) {
    this.#encoded = encoded
  }

  all(name: string): readonly string[] {
    return parseFields(this.#encoded).get(name) ?? []
  }
}

/** The one value of a field, from the query or from a form's body. Absent or repeated: 400. */
export function oneField(request: FieldSource, name: string): string {
  const sources = [request.query, request.body]
  const values = sources.flatMap((source) => (source instanceof EncodedFields ? source.all(name) : []))
  const [value] = values
  if (value === undefined) throw new Refusal('field-missing', { name })
  if (values.length > 1) throw new Refusal('field-repeated', { name, count: String(values.length) })
  return value
}

/** The one value of a field that may not be empty or longer than `max` characters: 400 otherwise. */
export function oneWord(request: FieldSource, name: string, max: number): string {
  const value = oneField(request, name)
  if (value === '' || value.length > max) throw new Refusal('field-length', { name, max: String(max) })
  return value
}

/** A duration in whole milliseconds from 0 to `max`: 400 otherwise. */
export function milliseconds(request: FieldSource, name: string, max: number): number {
  const value = oneField(request, name)
  if (/^\d{1,9}$/.test(value) && Number(value) <= max) return Number(value)
  throw new Refusal('field-milliseconds', { name, max: String(max) })
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    throw new Refusal('not-utf8')
  }
}
