import { inspect } from 'node:util'

/** A value as an error message shows it: one line, short. */
export const show = (value: unknown): string =>
  inspect(value, { depth: 0, breakLength: Infinity, maxStringLength: 80, maxArrayLength: 5 })
