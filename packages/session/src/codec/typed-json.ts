import { parse, stringify } from 'devalue'
import { asBuffer, type Codec } from './codec.ts'
import { BUILTINS, checkShape, type ShapeRules } from './shape.ts'

const RULES: ShapeRules = {
  codec: 'typed-json',
  builtins: new Set([...BUILTINS, URL.prototype, URLSearchParams.prototype]),
  keepsProtoKey: false,
}

/**
 * JSON text that keeps `Date`, `Map`, `Set`, `BigInt`, `RegExp`, `URL`, typed arrays, `undefined`, `NaN`, `-0` and
 * repeated or cyclic references (by the devalue library). Refuses class instances, functions and symbols.
 * @example
 * createSessions({ store, codec: typedJson() })
 */
export function typedJson(): Codec {
  return {
    name: 'typed-json',
    encode(value) {
      checkShape(value, RULES)
      return Buffer.from(stringify(value))
    },
    decode: (bytes) => parse(asBuffer(bytes).toString()) as unknown,
  }
}
