/** A cookie as a browser keeps it, with the flags it came with. */
export interface StoredCookie {
  readonly name: string
  readonly value: string
  /** The attributes of its Set-Cookie as they came, such as `HttpOnly`, `SameSite=Lax`. */
  readonly attributes: readonly string[]
  /** Epoch ms; `undefined` for a cookie that lives as long as the browser. */
  readonly expiresAt?: number | undefined
}

/**
 * One client's cookies for one host. Ports do not tell cookies apart (RFC 6265 §8.5), so a node and the balancer on the
 * same host share them, as in a browser. Every path and scheme counts as matching.
 */
export class CookieJar {
  readonly #cookies = new Map<string, StoredCookie>()
  readonly #now: () => number

  /** @param now epoch ms */
  constructor(now: () => number = Date.now) {
    this.#now = now
  }

  /** Takes in the `Set-Cookie` lines of a response; an expired one deletes, a line without a name is ignored (RFC 6265 §5.3). */
  store(setCookies: readonly string[]): void {
    for (const line of setCookies) {
      const [pair = '', ...rest] = line.split(';').map((part) => part.trim())
      const equals = pair.indexOf('=')
      if (equals < 1) continue
      const attributes = rest.filter((part) => part !== '')
      const expiresAt = expiry(attributes, this.#now())
      const name = pair.slice(0, equals).trim()
      this.#cookies.set(name, { name, value: pair.slice(equals + 1).trim(), attributes, expiresAt })
    }
    this.#sweep()
  }

  /** The `Cookie` line for a request; `undefined` when there is none to send. */
  get header(): string | undefined {
    const pairs = this.all.map(({ name, value }) => `${name}=${value}`)
    return pairs.length > 0 ? pairs.join('; ') : undefined
  }

  /** The cookies that it holds, in the order in which they came. */
  get all(): readonly StoredCookie[] {
    this.#sweep()
    return [...this.#cookies.values()]
  }

  /** The names of the cookies that it holds. */
  get names(): readonly string[] {
    return this.all.map(({ name }) => name)
  }

  /** A cookie's value. */
  get(name: string): string | undefined {
    this.#sweep()
    return this.#cookies.get(name)?.value
  }

  /** Puts a cookie in by hand: how a forged one gets here. */
  set(name: string, value: string): void {
    this.#cookies.set(name, { name, value, attributes: [] })
  }

  delete(name: string): void {
    this.#cookies.delete(name)
  }

  /** Throws everything out: a new browser. */
  clear(): void {
    this.#cookies.clear()
  }

  /** A copy that goes its own way: a second browser with the same cookies. */
  clone(): CookieJar {
    const copy = new CookieJar(this.#now)
    for (const [name, cookie] of this.#cookies) copy.#cookies.set(name, cookie)
    return copy
  }

  #sweep(): void {
    const now = this.#now()
    for (const [name, { expiresAt }] of this.#cookies)
      if (expiresAt !== undefined && expiresAt <= now) this.#cookies.delete(name)
  }
}

/** Max-Age wins over Expires (RFC 6265 §4.1.2.2). */
function expiry(attributes: readonly string[], now: number): number | undefined {
  const value = (wanted: string) =>
    attributes.map((attribute) => attribute.split('=')).find(([name]) => name?.toLowerCase() === wanted)?.[1]
  const maxAge = value('max-age')
  if (maxAge !== undefined && /^-?\d+$/.test(maxAge)) return now + Number(maxAge) * 1000
  const expires = Date.parse(value('expires') ?? '')
  return Number.isNaN(expires) ? undefined : expires
}
