import { validateHeaderName } from 'node:http'
import { parseArgs } from 'node:util'
import { UsageError } from '../usage-error.ts'

/** A request as it was typed: `POST /login user=a`. */
export interface Typed {
  readonly method: string
  readonly path: string
  /** JSON when it begins with `{` or `[`, else a form. */
  readonly body: string | undefined
}

export interface ProbeArguments {
  readonly target: URL
  readonly nodes: readonly URL[]
  readonly cookie: string | undefined
  /** A header's name, or a pattern for the body whose first group is the server. */
  readonly server: string | RegExp | undefined
  readonly known: RegExp | undefined
  readonly number: RegExp
  readonly start: Typed | undefined
  readonly login: Typed | undefined
  readonly logout: Typed | undefined
  readonly increment: Typed | undefined
  readonly watchMs: number | undefined
}

/** What was typed after `npm run lab -- probe`. */
export type ProbeCommand = {
  readonly name: 'probe'
  readonly json: boolean
  readonly html: string | undefined
} & ({ readonly of: ProbeArguments } | { readonly judge: string })

const options = {
  node: { type: 'string', multiple: true },
  cookie: { type: 'string' },
  server: { type: 'string' },
  known: { type: 'string' },
  number: { type: 'string' },
  start: { type: 'string' },
  login: { type: 'string' },
  logout: { type: 'string' },
  increment: { type: 'string' },
  watch: { type: 'string' },
  judge: { type: 'string' },
  html: { type: 'string' },
  json: { type: 'boolean' },
} as const

/** More servers than this would not fit into the budget of requests. */
const mostNodes = 8

/** Reads what follows `probe`; throws `UsageError`, in a line. */
export function readProbe(argv: readonly string[]): ProbeCommand {
  const { values, positionals } = parsed(argv)
  const shown = { name: 'probe', json: values.json ?? false, html: values.html } as const
  if (values.judge !== undefined) {
    const other = positionals[0] ?? Object.keys(values).find((name) => !['judge', 'json', 'html'].includes(name))
    if (other !== undefined) throw new UsageError(`--judge reads a stored probe: it has no use for "${other}"`)
    return { ...shown, judge: values.judge }
  }
  const [target, more] = positionals
  if (target === undefined) throw new UsageError('probe needs the URL of a page of your application')
  if (more !== undefined) throw new UsageError(`probe takes one URL: other servers go with --node "${more}"`)
  const nodes = values.node ?? []
  if (nodes.length > mostNodes) throw new UsageError(`--node may be given ${mostNodes} times, not ${nodes.length}`)
  if (values.logout !== undefined && values.login === undefined) throw new UsageError('--logout needs --login')
  return {
    ...shown,
    of: {
      target: address('probe', target),
      nodes: nodes.map((node) => address('--node', node)),
      cookie: values.cookie,
      server: server(values.server),
      known: values.known === undefined ? undefined : pattern('known', values.known),
      number: pattern('number', values.number ?? '(-?\\d+)'),
      start: typed('start', values.start),
      login: typed('login', values.login),
      logout: typed('logout', values.logout),
      increment: typed('increment', values.increment),
      watchMs: watch(values.watch),
    },
  }
}

function parsed(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options, allowPositionals: true })
  } catch (error) {
    throw new UsageError(`probe: ${(error as Error).message.split('. ')[0]}`)
  }
}

function address(of: string, value: string): URL {
  const url = URL.parse(value)
  if (!url || !/^https?:$/.test(url.protocol))
    throw new UsageError(`${of} was given "${value}": allowed is http://… or https://…`)
  if (url.username || url.password) throw new UsageError(`${of}: a URL with a password in it is not taken`)
  url.hash = ''
  return url
}

function typed(option: string, value: string | undefined): Typed | undefined {
  if (value === undefined) return undefined
  const [, method, path, body] = /^([A-Z]+) (\/\S*)(?: ([\s\S]+))?$/.exec(value) ?? []
  if (!method || !path || path.startsWith('//') || /^(CONNECT|TRACE)$/.test(method))
    throw new UsageError(`--${option} is "${value}": allowed is METHOD /path, and a body after a space`)
  return { method, path, body }
}

function server(value: string | undefined): string | RegExp | undefined {
  if (value === undefined) return undefined
  if (/^\/.+\/$/.test(value)) return pattern('server', value.slice(1, -1))
  try {
    validateHeaderName(value)
  } catch {
    throw new UsageError(`--server is "${value}": allowed is the name of a header, or /pattern/ for the body`)
  }
  return value.toLowerCase()
}

function pattern(option: string, value: string): RegExp {
  try {
    return new RegExp(value)
  } catch {
    throw new UsageError(`--${option} is "${value}": allowed is a regular expression`)
  }
}

function watch(value: string | undefined): number | undefined {
  if (value === undefined) return undefined
  const seconds = Number(value)
  if (!/^\d+(\.\d+)?$/.test(value) || seconds < 1 || seconds > 600)
    throw new UsageError(`--watch is "${value}": allowed is a number of seconds from 1 to 600`)
  return seconds * 1000
}
