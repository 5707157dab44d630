/** What the process was started with: variable name → text. An empty text counts as unset, as Compose passes it. */
export type Environment = Readonly<Record<string, string | undefined>>

/** A variable that cannot be accepted. The message is one line: the variable, its value, and what is allowed. */
export class ConfigError extends Error {
  readonly code = 'SERVER_CONFIG'
  readonly variable: string

  constructor(variable: string, message: string) {
    super(`${variable}: ${oneLine(message)}`)
    this.name = 'ConfigError'
    this.variable = variable
  }
}

/** The text of a variable, or `undefined` when it is unset or empty. */
export function text(env: Environment, name: string): string | undefined {
  const value = env[name]?.trim()
  return value === undefined || value === '' ? undefined : value
}

/** A whole number within bounds; throws `ConfigError` otherwise. */
export function integer(
  env: Environment,
  name: string,
  limits: { min: number; max: number; unit?: string; multipleOf?: number },
): number | undefined {
  const value = text(env, name)
  if (value === undefined) return undefined
  const { min, max, unit = '', multipleOf = 1 } = limits
  const number = /^\d{1,15}$/.test(value) ? Number(value) : Number.NaN
  if (number >= min && number <= max && number % multipleOf === 0) return number
  const step = multipleOf === 1 ? '' : `, a multiple of ${multipleOf}`
  throw new ConfigError(name, `${quote(value)} is not a whole number ${unit}from ${min} to ${max}${step}`)
}

/** One of the given words; throws `ConfigError` with the list otherwise. */
export function choice<const T extends string>(env: Environment, name: string, allowed: readonly T[]): T | undefined {
  const value = text(env, name)
  if (value === undefined) return undefined
  const found = allowed.find((word) => word === value)
  if (found !== undefined) return found
  throw new ConfigError(name, `${quote(value)} is unknown; use one of: ${allowed.join(', ')}`)
}

/** `true` or `false` (also `1` and `0`); throws `ConfigError` otherwise. */
export function flag(env: Environment, name: string): boolean | undefined {
  const word = choice(env, name, ['true', 'false', '1', '0'])
  return word === undefined ? undefined : word === 'true' || word === '1'
}

/** A text that matches a pattern; `allowed` describes the pattern for the one who reads the error. */
export function matching(env: Environment, name: string, pattern: RegExp, allowed: string): string | undefined {
  const value = text(env, name)
  if (value === undefined || pattern.test(value)) return value
  throw new ConfigError(name, `${quote(value)} is not allowed; use ${allowed}`)
}

/** A token of at least 8 visible ASCII characters. The error never shows it. */
export function secret(env: Environment, name: string): string | undefined {
  const value = text(env, name)
  if (value === undefined || /^[\x21-\x7e]{8,}$/.test(value)) return value
  throw new ConfigError(name, 'must have at least 8 characters, visible ASCII without spaces')
}

/** A value as it may appear in a one-line message: quoted, without control characters, shortened. */
export function quote(value: string): string {
  const shown = value.length > 60 ? `${value.slice(0, 60)}…` : value
  return JSON.stringify(shown)
}

function oneLine(message: string): string {
  return message.replace(/\s*[\r\n]+\s*/g, ' ')
}
