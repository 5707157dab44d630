import type { CookieSeen, Exchange, Facts } from './exchange.ts'

const sessionNames =
  /^(__(Host|Secure)-)?(JSESSIONID|SESSION(_?ID)?|connect\.sid|PHPSESSID|sid|ASP\.NET_SessionId|\.AspNetCore\.(Session|Cookies).*|laravel_session|_\w+_session|koa[.:]sess|ci_session|CFID)$/i
const affinityNames =
  /^(SERVERID|SRV|AWSALB\w*|ARRAffinity\w*|GCLB|BIGipServer.*|lb|node|route|sticky|balancer|INGRESSCOOKIE)$/i
const otherNames = /csrf|xsrf|^_ga|^_gid|consent|locale|lang|theme/i

/** A cookie that the application sets, over all clients. */
interface Kind {
  readonly name: string
  readonly seen: CookieSeen
  /** Several clients were given one value: it tells servers apart, or nothing at all, but no clients. */
  readonly shared: boolean
}

/** The cookies that were set, in the order in which they came first. */
export function cookieKinds(history: readonly Exchange[]): readonly Kind[] {
  const names = new Set(history.flatMap(({ set }) => set.flatMap(({ name, removed }) => (removed ? [] : [name]))))
  return [...names].map((name) => {
    const owners = new Map<string, Set<string>>()
    let seen: CookieSeen | undefined
    for (const { client, set } of history)
      for (const cookie of set.filter((one) => one.name === name && !one.removed)) {
        seen ??= cookie
        owners.set(cookie.print, (owners.get(cookie.print) ?? new Set()).add(client))
      }
    return { name, seen: seen as CookieSeen, shared: [...owners.values()].some(({ size }) => size > 1) }
  })
}

/** The cookie that carries the session: the one that the user named, else the likeliest; `undefined` when there is none. */
export function sessionCookie({ history, cookie }: Pick<Facts, 'history' | 'cookie'>): CookieSeen | undefined {
  const kinds = cookieKinds(history)
  if (cookie !== undefined) return kinds.find(({ name }) => name === cookie)?.seen
  const likely = kinds
    .filter(
      ({ name, shared, seen }) => !shared && !affinityNames.test(name) && !otherNames.test(name) && seen.length >= 4,
    )
    .map((kind) => ({ kind, score: score(kind.seen) }))
    .sort((left, right) => right.score - left.score)
  return likely[0]?.kind.seen
}

function score({ name, length, attributes }: CookieSeen): number {
  const httpOnly = attributes.some((attribute) => attribute.toLowerCase() === 'httponly')
  return (sessionNames.test(name) ? 4 : 0) + (length >= 20 ? 2 : 0) + (httpOnly ? 1 : 0)
}

/** Cookies by which a balancer may tell where a client belongs: by their name, or because clients share their values. */
export function affinityCookies(history: readonly Exchange[]): readonly string[] {
  return cookieKinds(history)
    .filter(({ name, shared }) => affinityNames.test(name) || (shared && !otherNames.test(name)))
    .map(({ name }) => name)
}

/** The answer gives the client another id than it sent, or takes the id away. */
export function replaced({ sent, set }: Exchange, name: string): boolean {
  const last = set.findLast((cookie) => cookie.name === name)
  return last !== undefined && (last.removed || (sent[name] !== undefined && last.print !== sent[name]))
}
