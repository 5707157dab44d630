/** One browser: a cookie jar that, as RFC 6265 §8.5 has it, tells hosts apart but not ports. All here is one host. */

/** What a page answered. */
export interface Page {
  status: number
  body: string
  /** The node that answered (`X-Served-By`), `undefined` when none did. */
  servedBy: string | undefined
}

export class Browser {
  readonly #cookies = new Map<string, string>()

  /** Opens a URL with the jar's cookies, as `curl` would (plain text), and keeps the cookies that come back. */
  async open(url: string, method = 'GET'): Promise<Page> {
    const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const response = await fetch(url, {
      method,
      redirect: 'manual',
      headers: { accept: '*/*', ...(cookie && { cookie }) },
      signal: AbortSignal.timeout(20_000),
    })
    for (const line of response.headers.getSetCookie()) this.#keep(line)
    const body = (await response.text()).trimEnd()
    return { status: response.status, body, servedBy: response.headers.get('x-served-by') ?? undefined }
  }

  /** Forgets one cookie, as the developer tools' delete does. */
  forget(name: string): void {
    this.#cookies.delete(name)
  }

  /** The names of the cookies in the jar, sorted. */
  get cookieNames(): string[] {
    return [...this.#cookies.keys()].sort()
  }

  #keep(setCookie: string): void {
    const [pair = '', ...attributes] = setCookie.split(';')
    const equals = pair.indexOf('=')
    const name = pair.slice(0, equals).trim()
    const gone = attributes.some((attribute) => /^\s*max-age=(?:0|-\d+)\s*$/i.test(attribute))
    if (gone) this.#cookies.delete(name)
    else this.#cookies.set(name, pair.slice(equals + 1).trim())
  }
}
