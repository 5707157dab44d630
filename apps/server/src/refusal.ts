/** Every way in which a node says no, with its HTTP status (RFC 9110 §15). */
export const REFUSALS = {
  'field-missing': 400,
  'field-repeated': 400,
  'field-length': 400,
  'field-milliseconds': 400,
  'not-utf8': 400,
  'bad-request': 400,
  'no-such-page': 404,
  'method-not-allowed': 405,
  'cart-full': 409,
  'session-ended': 409,
  'write-conflict': 409,
  'too-large': 413,
  'body-type': 415,
  'value-refused': 422,
  'store-unavailable': 503,
  'store-refused': 503,
  'server-error': 500,
} as const

/** The name of a refusal; part of the problem's `type`. */
export type RefusalCode = keyof typeof REFUSALS

/** Values for the placeholders of a refusal's words. */
export type Params = Readonly<Record<string, string>>

/** A request that cannot be granted. The words for it live with the pages, in each language. */
export class Refusal extends Error {
  readonly code: RefusalCode
  readonly statusCode: number
  readonly params: Params

  constructor(code: RefusalCode, params: Params = {}) {
    super(code)
    this.name = 'Refusal'
    this.code = code
    this.statusCode = REFUSALS[code]
    this.params = params
  }
}
