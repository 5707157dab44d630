interface Cookie {
  readonly value: string
  /** Epoch ms; `undefined` lives as long as the jar. */
  readonly expiresAt: number | undefined
}

/**
 * One client's cookies for one host. Ports do not tell cookies apart (RFC 6265 §8.5), so a node and the balancer on the
 * same host share them, as in a browser. Name, value and expiry are kept; every path and scheme counts as matching.
 */
export class CookieJar {
  readonly #cookies = new Map<string, Cookie>()
  readonly #now: () => number

  constructor(now: () => number = Date.now) {
    this.#now = now
  }

  /** Takes in the `Set-Cookie` lines of a response; an expired one deletes (RFC 6265 §5.3). */
  store(setCookies: readonly string[]): void {
    for (const line of setCookies) {
      const [pair = '', ...attributes] = line.split(';')
      const split = pair.indexOf('=')
      if (split < 1) continue
      this.#cookies.set(pair.slice(0, split).trim(), {
        value: pair.slice(split + 1).trim(),
        expiresAt: expiry(attributes, this.#now()),
      })
    }
    this.#sweep()
  }

  /** The `Cookie` line for a request; `undefined` when there is none to send. */
  get header(): string | undefined {
    this.#sweep()
    const pairs = [...this.#cookies].map(([name, { value }]) => `${name}=${value}`)
    return pairs.length > 0 ? pairs.join('; ') : undefined
  }

  /** The names of the cookies that it holds. */
  get names(): readonly string[] {
    this.#sweep()
    return [...this.#cookies.keys()]
  }

  get(name: string): string | undefined {
    this.#sweep()
    return this.#cookies.get(name)?.value
  }

  set(name: string, value: string): void {
    this.#cookies.set(name, { value, expiresAt: undefined })
  }

  delete(name: string): void {
    this.#cookies.delete(name)
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
    attributes.map((attribute) => attribute.trim().split('=')).find(([name]) => name?.toLowerCase() === wanted)?.[1]
  const maxAge = value('max-age')
  if (maxAge !== undefined && /^-?\d+$/.test(maxAge)) return now + Number(maxAge) * 1000
  const expires = Date.parse(value('expires') ?? '')
  return Number.isNaN(expires) ? undefined : expires
}
