/** A cookie as a browser keeps it, with the flags it came with. */
export interface StoredCookie {
  readonly name: string
  readonly value: string
  /** The attributes of its Set-Cookie as they came, such as `HttpOnly`, `SameSite=Lax`. */
  readonly attributes: readonly string[]
  /** Epoch ms; `undefined` for a cookie that lives as long as the browser. */
  readonly expiresAt?: number
}

/** One user's cookies in one lane. Lanes have jars of their own, as browsers have for different hosts (RFC 6265 §5.3). */
export interface Jar {
  /** Keeps what one answer set; a cookie that is already over is thrown out. */
  take(setCookies: readonly string[], now: number): void
  /** The Cookie header to send, or `undefined` for an empty jar. */
  header(now: number): string | undefined
  get(name: string): StoredCookie | undefined
  /** Puts a cookie in by hand: how a forged one gets here. */
  put(cookie: StoredCookie): void
  delete(name: string): boolean
  all(): readonly StoredCookie[]
}

/** An empty jar. One host and one path: every cookie in it is sent with every request. */
export function jar(): Jar {
  const cookies = new Map<string, StoredCookie>()
  const alive = (cookie: StoredCookie, now: number) => cookie.expiresAt === undefined || cookie.expiresAt > now
  return {
    take(setCookies, now) {
      for (const line of setCookies) {
        const cookie = parseSetCookie(line, now)
        if (!cookie) continue
        if (alive(cookie, now)) cookies.set(cookie.name, cookie)
        else cookies.delete(cookie.name)
      }
    },
    header(now) {
      const pairs = [...cookies.values()]
        .filter((cookie) => alive(cookie, now))
        .map(({ name, value }) => `${name}=${value}`)
      return pairs.length > 0 ? pairs.join('; ') : undefined
    },
    get: (name) => cookies.get(name),
    put: (cookie) => void cookies.set(cookie.name, cookie),
    delete: (name) => cookies.delete(name),
    all: () => [...cookies.values()],
  }
}

/** Reads one Set-Cookie line; `undefined` when it has no name. Max-Age wins over Expires (RFC 6265 §5.3). */
export function parseSetCookie(line: string, now: number): StoredCookie | undefined {
  const [pair = '', ...rest] = line.split(';').map((part) => part.trim())
  const equals = pair.indexOf('=')
  if (equals < 1) return undefined
  const expiresAt = expiry(rest, now)
  return {
    name: pair.slice(0, equals),
    value: pair.slice(equals + 1),
    attributes: rest.filter((part) => part !== ''),
    ...(expiresAt === undefined ? {} : { expiresAt }),
  }
}

function expiry(attributes: readonly string[], now: number): number | undefined {
  const attribute = (name: string) =>
    attributes.find((part) => part.toLowerCase().startsWith(`${name}=`))?.slice(name.length + 1)
  const maxAge = attribute('max-age')
  if (maxAge !== undefined && /^-?\d+$/.test(maxAge)) return now + Number(maxAge) * 1000
  const expires = Date.parse(attribute('expires') ?? '')
  return Number.isNaN(expires) ? undefined : expires
}
