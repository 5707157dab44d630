import { affinityCookies } from './cookies.ts'
import type { Exchange } from './exchange.ts'

/** How it is told which server answered. */
export interface ServerNames {
  /** In words: where the name comes from. */
  readonly by: string
  /** The balancer's own word, which says where a client belongs and not who answered. */
  readonly byCookie: boolean
  of(exchange: Exchange): string | undefined
}

/** More values than this name requests, not servers. */
const mostServers = 20

/** Finds out what names the server: `--server`, else a header that takes few values, else a cookie. */
export function serverNames(history: readonly Exchange[]): ServerNames | undefined {
  if (history.some(({ server }) => server !== undefined))
    return { by: 'what --server names', byCookie: false, of: ({ server }) => server }
  const header = namingHeader(history)
  if (header !== undefined) return { by: `the header ${header}`, byCookie: false, of: ({ headers }) => headers[header] }
  return routes(history) ?? affinityValues(history)
}

function namingHeader(history: readonly Exchange[]): string | undefined {
  const answered = history.filter(({ status }) => status !== undefined)
  const names = [...new Set(answered.flatMap(({ headers }) => Object.keys(headers)))]
  const values = (name: string) => answered.flatMap(({ headers }) => headers[name] ?? [])
  const few = names.filter((name) => {
    const distinct = new Set(values(name)).size
    return distinct <= mostServers && distinct * 2 <= values(name).length
  })
  const telling = few.find((name) => new Set(values(name)).size > 1)
  return telling ?? few.find((name) => name !== 'server' && name !== 'via')
}

/** The end of the session's id, as Tomcat's jvmRoute: kept only where several clients share it. */
function routes(history: readonly Exchange[]): ServerNames | undefined {
  const given = history.flatMap(({ client, set }) =>
    set.flatMap(({ name, route }) => (route ? [{ client, name, route }] : [])),
  )
  const shared = given.find((one) => given.some((other) => other.route === one.route && other.client !== one.client))
  if (!shared) return undefined
  const routeOf = new Map(
    history.flatMap(({ set }) => set.flatMap(({ print, route }) => (route ? [[print, route] as const] : []))),
  )
  return {
    by: `the end of the cookie ${shared.name}`,
    byCookie: true,
    of: ({ set, sent }) => set.find(({ name }) => name === shared.name)?.route ?? routeOf.get(sent[shared.name] ?? ''),
  }
}

function affinityValues(history: readonly Exchange[]): ServerNames | undefined {
  const values = (name: string) =>
    new Set(history.flatMap(({ set }) => set.filter((one) => one.name === name).map(({ print }) => print)))
  const name = affinityCookies(history).find((one) => values(one).size <= mostServers)
  if (name === undefined) return undefined
  const numbers = new Map([...values(name)].map((print, index) => [print, `#${index + 1}`]))
  return {
    by: `the cookie ${name}`,
    byCookie: true,
    of: ({ set, sent }) => numbers.get(set.findLast((one) => one.name === name)?.print ?? sent[name] ?? ''),
  }
}
