import { CallError } from './call-error.ts'

/** The body of a call, with its fields read and checked one by one. */
export class Body {
  readonly #fields: Readonly<Record<string, unknown>>

  constructor(body: unknown) {
    if (typeof body !== 'object' || body === null || Array.isArray(body))
      throw new CallError('The body must be a JSON object')
    this.#fields = body as Record<string, unknown>
  }

  text(name: string): string {
    const value = this.#fields[name]
    if (typeof value !== 'string' || value.length > 4096)
      throw new CallError(`${name} must be a text of at most 4096 characters`)
    return value
  }

  optionalText(name: string): string | undefined {
    return this.#fields[name] === undefined ? undefined : this.text(name)
  }

  oneOf<T extends string>(name: string, allowed: readonly T[]): T {
    const value = this.text(name)
    if (!(allowed as readonly string[]).includes(value))
      throw new CallError(`${name} must be one of ${allowed.join(', ')}`)
    return value as T
  }

  flag(name: string): boolean {
    const value = this.#fields[name]
    if (value !== undefined && typeof value !== 'boolean') throw new CallError(`${name} must be true or false`)
    return value === true
  }

  optionalFlag(name: string): boolean | undefined {
    return this.#fields[name] === undefined ? undefined : this.flag(name)
  }

  optionalInteger(name: string, min: number, max: number): number | undefined {
    const value = this.#fields[name]
    if (value === undefined) return undefined
    if (!Number.isInteger(value) || (value as number) < min || (value as number) > max)
      throw new CallError(`${name} must be a whole number from ${min} to ${max}`)
    return value as number
  }

  optionalTexts(name: string): readonly string[] | undefined {
    return this.#fields[name] === undefined ? undefined : this.texts(name)
  }

  texts(name: string): readonly string[] {
    const value = this.#fields[name]
    if (!Array.isArray(value) || value.length > 100 || value.some((item) => typeof item !== 'string'))
      throw new CallError(`${name} must be a list of texts`)
    return value as string[]
  }
}
