/** The process's environment, or a test's. */
export type Env = Readonly<Record<string, string | undefined>>

/** A variable that is wrong; the message names it and says what is allowed. */
export class ConfigError extends Error {}

/** The variable without blanks around it. Compose files pass unset variables on as empty ones: both read as `undefined`. */
export function text(env: Env, name: string): string | undefined {
  const value = env[name]?.trim()
  return value === '' ? undefined : value
}

/** As {@link text}, but fit to be sent as a header's value. @throws ConfigError */
export function headerText(env: Env, name: string): string | undefined {
  const value = text(env, name)
  if (value === undefined || /^[\t\x20-\x7e\x80-\xff]+$/.test(value)) return value
  throw new ConfigError(`${name}: only what a header may hold: printable ASCII and Latin-1`)
}

/** A whole number between the two, both included. @throws ConfigError */
export function whole(env: Env, name: string, fallback: number, [min, max]: readonly [number, number]): number {
  return optionalWhole(env, name, [min, max]) ?? fallback
}

/** As {@link whole}, but `undefined` when unset. @throws ConfigError */
export function optionalWhole(env: Env, name: string, [min, max]: readonly [number, number]): number | undefined {
  const given = text(env, name)
  if (given === undefined) return undefined
  const value = /^\d{1,9}$/.test(given) ? Number(given) : Number.NaN
  if (value >= min && value <= max) return value
  throw new ConfigError(`${name}: ${JSON.stringify(given)} is not a whole number from ${min} to ${max}`)
}

/** A decimal number between the two, both included; `undefined` when unset. @throws ConfigError */
export function decimal(env: Env, name: string, [min, max]: readonly [number, number]): number | undefined {
  const given = text(env, name)
  if (given === undefined) return undefined
  const value = /^\d{1,9}(\.\d{1,9})?$/.test(given) ? Number(given) : Number.NaN
  if (value >= min && value <= max) return value
  throw new ConfigError(`${name}: ${JSON.stringify(given)} is not a number from ${min} to ${max}`)
}

/** One of several words. @throws ConfigError that lists them */
export function choice<T extends string>(env: Env, name: string, fallback: T, allowed: readonly T[]): T {
  const given = text(env, name) ?? fallback
  const found = allowed.find((word) => word === given)
  if (found !== undefined) return found
  throw new ConfigError(`${name}: ${JSON.stringify(given)} is not one of ${allowed.join(', ')}`)
}

/** Entries between commas, blanks dropped. */
export const list = (env: Env, name: string): string[] =>
  (text(env, name) ?? '')
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '')

/** Runs a check that throws of its own; its message is put behind the variable's name. @throws ConfigError */
export function guarded<T>(name: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    throw new ConfigError(`${name}: ${error instanceof Error ? error.message : String(error)}`)
  }
}
