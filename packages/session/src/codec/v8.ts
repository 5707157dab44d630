import { deserialize, serialize } from 'node:v8'
import type { Codec } from './codec.ts'
import { BUILTINS, checkShape, type ShapeRules } from './shape.ts'

const RULES: ShapeRules = { codec: 'v8', builtins: new Set(BUILTINS), keepsProtoKey: true }

/**
 * Node's own binary form: fast for large values; keeps `Date`, `Map`, `Set`, `BigInt`, `RegExp`, typed arrays, `undefined`
 * and cycles. Refuses class instances, whose prototype would silently be lost. Only Node can read it, and an older Node
 * may not read what a newer one wrote: such an attribute then reads as absent.
 * @example
 * createSessions({ store, codec: v8() })
 */
export function v8(): Codec {
  return {
    name: 'v8',
    encode(value) {
      checkShape(value, RULES)
      return serialize(value)
    },
    decode: (bytes) => deserialize(bytes) as unknown,
  }
}
