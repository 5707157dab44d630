/** What a process was started with: variable name → text. Compose passes an unset variable on as an empty one: both read as `undefined`. */
export type Environment = Readonly<Record<string, string | undefined>>

/** A variable that cannot be accepted. The message is one line: the variable, its value, and what is allowed. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  readonly code = 'CONFIG'
  readonly variable: string

  constructor(variable: string, message: string) {
    super(`${variable}: ${message.replace(/\s*[\r\n]+\s*/g, ' ')}`)
    this.variable = variable
  }
}

/** The bounds of a number, both included. */
type Bounds = readonly [min: number, max: number]

/** The variable without blanks around it; `undefined` when nothing is left. */
export function text(env: Environment, name: string): string | undefined {
  const value = env[name]?.trim()
  return value === '' ? undefined : value
}

/** Entries between commas, blanks dropped. */
export function list(env: Environment, name: string): string[] {
  const entries = text(env, name)?.split(',') ?? []
  return entries.map((entry) => entry.trim()).filter((entry) => entry !== '')
}

/** A whole number. @throws ConfigError */
export function whole(
  env: Environment,
  name: string,
  [min, max]: Bounds,
  { unit = '', multipleOf = 1 } = {},
): number | undefined {
  const value = text(env, name)
  if (value === undefined) return undefined
  const number = /^\d{1,15}$/.test(value) ? Number(value) : Number.NaN
  if (number >= min && number <= max && number % multipleOf === 0) return number
  const step = multipleOf === 1 ? '' : `, a multiple of ${multipleOf}`
  throw new ConfigError(name, `${quote(value)} is not a whole number ${unit}from ${min} to ${max}${step}`)
}

/** A port; 0 means any free one. @throws ConfigError */
export function readPort(env: Environment, name: string): number | undefined {
  return whole(env, name, [0, 65_535])
}

/** A decimal number. @throws ConfigError */
export function decimal(env: Environment, name: string, [min, max]: Bounds): number | undefined {
  const value = text(env, name)
  if (value === undefined) return undefined
  const number = /^\d{1,9}(\.\d{1,9})?$/.test(value) ? Number(value) : Number.NaN
  if (number >= min && number <= max) return number
  throw new ConfigError(name, `${quote(value)} is not a number from ${min} to ${max}`)
}

/** One of several words. @throws ConfigError that lists them */
export function choice<const T extends string>(env: Environment, name: string, allowed: readonly T[]): T | undefined {
  const value = text(env, name)
  if (value === undefined) return undefined
  const found = allowed.find((word) => word === value)
  if (found !== undefined) return found
  throw new ConfigError(name, `${quote(value)} is not one of ${allowed.join(', ')}`)
}

/** `true` or `false` (also `1` and `0`). @throws ConfigError */
export function flag(env: Environment, name: string): boolean | undefined {
  const word = choice(env, name, ['true', 'false', '1', '0'])
  return word === undefined ? undefined : word === 'true' || word === '1'
}

/** A text that matches a pattern; `allowed` describes the pattern for the one who reads the error. @throws ConfigError */
export function matching(env: Environment, name: string, pattern: RegExp, allowed: string): string | undefined {
  const value = text(env, name)
  if (value === undefined || pattern.test(value)) return value
  throw new ConfigError(name, `${quote(value)} is not allowed; use ${allowed}`)
}

/** A text that is fit to be sent as a header's value. @throws ConfigError */
export function headerText(env: Environment, name: string): string | undefined {
  const value = text(env, name)
  if (value === undefined || /^[\t\x20-\x7e\x80-\xff]+$/.test(value)) return value
  throw new ConfigError(name, 'only what a header may hold: printable ASCII and Latin-1')
}

/** A token of at least 8 visible ASCII characters. The error never shows it. @throws ConfigError */
export function secret(env: Environment, name: string): string | undefined {
  const value = text(env, name)
  if (value === undefined || /^[\x21-\x7e]{8,}$/.test(value)) return value
  throw new ConfigError(name, 'must have at least 8 characters, visible ASCII without spaces')
}

/** Runs a check that throws of its own; its message is put behind the variable's name. @throws ConfigError */
export function guarded<T>(name: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    throw new ConfigError(name, error instanceof Error ? error.message : String(error))
  }
}

/** A value as it may appear in a one-line message: quoted, without control characters, shortened. */
export function quote(value: string): string {
  return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value)
}
