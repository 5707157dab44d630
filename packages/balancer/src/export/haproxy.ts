import { isIP } from 'node:net'
import { cookieAttributes, DEFAULT_NAME } from '../affinity/cookie.ts'
import { affinityToken } from '../affinity/token.ts'
import { hash32 } from '../policies/hash.ts'
import {
  checkExport,
  type Exported,
  type ExportedUpstream,
  type ExportOptions,
  exportedUpstreams,
  headOf,
  isWeighted,
  type NodeTlsFiles,
  type Refusal,
} from './options.ts'

/**
 * A configuration of HAProxy (2.6 or later) that does what this balancer does. Clients keep their nodes: the token in an
 * affinity cookie is a constant for each node. Drain and the like go by `stats socket`.
 * @throws UnsupportedOptionsError that names each option which cannot be said there
 */
export function haproxyConfig(options: ExportOptions): Exported {
  checkExport('HAProxy', options, refusals(options))
  const notes = notesOn(options)
  const sections = [headOf('HAProxy', notes), globalSection(options), defaults(options), front(options), back(options)]
  return { text: `${sections.map((lines) => lines.join('\n')).join('\n\n')}\n`, notes }
}

function refusals({
  panicThreshold,
  passive,
  affinity,
  hash,
  policy,
  trustProxy,
  health,
  nodes,
}: ExportOptions): Refusal[] {
  const byAddress = policy === 'address-hash' || (policy === 'consistent-hash' && (hash?.on ?? 'address') === 'address')
  return [
    [panicThreshold !== undefined, 'panicThreshold', 'it has no panic threshold'],
    [
      nodes?.host === 'upstream',
      'nodes.host',
      'headers are written before a node is chosen: give a name, or the client’s',
    ],
    [nodes?.maxConnectionAgeMs !== undefined, 'nodes.maxConnectionAgeMs', 'its connections have no greatest age'],
    [passive?.ejectMs !== undefined, 'passive.ejectMs', 'a node that it took out returns when its checks pass'],
    [passive?.halfLifeMs !== undefined, 'passive.halfLifeMs', 'it counts failures in a row'],
    [passive?.maxEjectMs !== undefined, 'passive.maxEjectMs', 'a node that it took out returns when its checks pass'],
    [
      health !== undefined && health !== false && (health.jitter ?? 0) > 0.5,
      'health.jitter',
      'it spreads checks by half of the interval at most',
    ],
    [
      affinity?.whenUnavailable === 'strict',
      'affinity.whenUnavailable',
      'strict affinity for some clients and retries for others',
    ],
    [
      affinity?.by === 'cookie' && (affinity.path ?? '/') !== '/',
      'affinity.path',
      'its cookies are for the path / alone',
    ],
    [
      byAddress && (trustProxy?.length ?? 0) > 0,
      'trustProxy',
      'a client behind proxies, by whose address it would hash',
    ],
  ]
}

function notesOn({ timeouts, health, affinity, policy, passive }: ExportOptions): string[] {
  const { headersTimeoutMs, idleTimeoutMs } = { headersTimeoutMs: 30_000, idleTimeoutMs: 60_000, ...timeouts }
  const one = Math.max(headersTimeoutMs, idleTimeoutMs)
  return [
    `one timer bounds the wait for headers and for the rest of an answer: ${one} ms, where here they are ${headersTimeoutMs} and ${idleTimeoutMs}`,
    'when no node can be reached, clients get a 503 where here they get a 502',
    ...(health === false ? ['nodes are not checked, so a node that fails is never taken out'] : []),
    ...(health === false || passive?.failures === 0
      ? []
      : ['a node that fails in traffic is taken out until its checks pass, not for a time']),
    ...(policy === 'address-hash' || policy === 'consistent-hash'
      ? ['keys are hashed in another way: without affinity each client moves once']
      : []),
    ...(affinity?.by === 'cookie'
      ? ['the token of each node stands below: keep the file as secret as AFFINITY_SECRET']
      : []),
  ]
}

function globalSection({
  health,
  nodes,
  drainMs,
  graceMs = 0,
  workers,
  accessLog,
  folder,
  maxConnections,
}: ExportOptions): string[] {
  return [
    'global',
    `  stats socket ${folder === undefined ? '/run/haproxy/admin.sock' : `${folder}/admin.sock`} mode 600 level admin`,
    ...(health === false ? [] : [`  spread-checks ${Math.round((health?.jitter ?? 0.1) * 100)}`]),
    // It holds a whole head, and room for what is added to it.
    ...(nodes?.maxHeaderBytes === undefined ? [] : [`  tune.bufsize ${Math.max(16_384, nodes.maxHeaderBytes + 2048)}`]),
    ...(workers === undefined ? [] : [`  nbthread ${workers}`]),
    ...(maxConnections === undefined ? [] : [`  maxconn ${maxConnections}`]),
    ...(graceMs > 0 ? [`  grace ${graceMs}ms`] : []),
    ...(drainMs === undefined ? [] : [`  hard-stop-after ${drainMs}ms`]),
    ...(accessLog ? ['  log stdout format raw local0'] : []),
  ]
}

function defaults({
  timeouts = {},
  queueTimeoutMs = 5000,
  queueLimit,
  retries = 2,
  retry,
  accessLog,
  ...options
}: ExportOptions): string[] {
  const { connectTimeoutMs = 1000, headersTimeoutMs = 30_000, idleTimeoutMs = 60_000 } = timeouts
  const health = options.health === false ? undefined : options.health
  return [
    'defaults',
    '  mode http',
    ...(accessLog ? ['  log global', '  option httplog'] : []),
    `  timeout connect ${connectTimeoutMs}ms`,
    `  timeout server ${Math.max(headersTimeoutMs, idleTimeoutMs)}ms`,
    `  timeout client ${idleTimeoutMs}ms`,
    `  timeout tunnel ${idleTimeoutMs}ms`,
    '  timeout http-request 10s',
    '  timeout http-keep-alive 60s',
    `  timeout queue ${queueLimit === 0 ? 1 : queueTimeoutMs}ms`,
    `  timeout check ${health?.timeoutMs ?? 1000}ms`,
    `  retries ${retries}`,
    ...(retries > 0
      ? ['  option redispatch 1', `  retry-on ${['conn-failure empty-response', ...(retry?.statuses ?? [])].join(' ')}`]
      : []),
    '  option abortonclose',
    ...ownAnswers(),
  ]
}

const NO_STORE = 'hdr Cache-Control no-store'

function ownAnswers(): string[] {
  const page = (status: number, text: string, more = ''): string =>
    `  http-error status ${status} content-type "text/plain; charset=utf-8" string "${text}\\n" ${NO_STORE}${more}`
  return [
    page(502, '502 Bad Gateway: the upstream closed before it answered'),
    page(503, '503 Service Unavailable: no upstream is available', ' hdr Retry-After 1'),
    page(504, '504 Gateway Timeout: the upstream did not answer in time'),
  ]
}

const READ_AS_OTHERS =
  '^(x_forwarded[_-].*|x-forwarded_.*|x_real[_-]ip|x-real_ip|x_request[_-]id|x-request_id|x_balancer[_-]token|x-balancer_token|transfer_encoding|content_length|keep_alive|proxy_connection|proxy_authorization)'

function front({ listen, tls, token, via, trustProxy = [] }: ExportOptions): string[] {
  const host = listen.host ?? '127.0.0.1'
  const bind = `${host.includes(':') ? `[${host}]` : host}:${listen.port}`
  const scheme = tls ? 'https' : 'http'
  const trusted = trustProxy.includes('*') ? ['always_true'] : [`src ${trustProxy.join(' ')}`]
  const unlessTrusted = trustProxy.length > 0 ? ' unless trusted' : ''
  return [
    'frontend front',
    ...(tls ? [keyNote(tls.keyFile)] : []),
    `  bind ${bind}${tls ? ` ssl crt ${quoted(tls.certFile)} alpn h2,http/1.1` : ''}`,
    '  http-request deny deny_status 405 if METH_TRACE',
    ...(trustProxy.length > 0 ? [`  acl trusted ${trusted.join('')}`] : []),
    `  http-request del-header x-forwarded- -m beg${unlessTrusted}`,
    `  http-request del-header forwarded${unlessTrusted}`,
    `  http-request del-header x-real-ip${unlessTrusted}`,
    // CGI and its heirs read `_` as `-`.
    `  http-request del-header ${quoted(READ_AS_OTHERS)} -m reg`,
    '  http-request add-header X-Forwarded-For %[src]',
    `  http-request set-header X-Forwarded-Proto ${scheme} unless { req.hdr(X-Forwarded-Proto) -m found }`,
    '  http-request set-header X-Forwarded-Port %[dst_port] unless { req.hdr(X-Forwarded-Port) -m found }',
    '  http-request set-header X-Forwarded-Host %[req.hdr(host)] unless { req.hdr(X-Forwarded-Host) -m found }',
    `  http-request add-header Forwarded for=%[src];host=\\"%[req.hdr(host)]\\";proto=${scheme}`,
    '  http-request set-var(txn.id) uuid()',
    '  http-request set-header X-Request-Id %[var(txn.id)]',
    '  http-response set-header X-Request-Id %[var(txn.id)]',
    '  http-request del-header X-Balancer-Token',
    ...(token === undefined ? [] : [`  http-request set-header X-Balancer-Token ${quoted(literal(token))}`]),
    ...(via === undefined ? [] : [`  http-request add-header Via ${quoted(literal(`1.1 ${via}`))}`]),
    '  default_backend nodes',
  ]
}

function back(options: ExportOptions): string[] {
  const {
    upstreams,
    policy = 'round-robin',
    health,
    passive,
    slowStartMs,
    maxInFlight,
    queueLimit = 1000,
    nodes,
    retry,
  } = options
  const servers = exportedUpstreams(upstreams, isWeighted(policy))
  const isBounded = maxInFlight !== undefined && maxInFlight !== Number.POSITIVE_INFINITY
  const { intervalMs = 1000, rise = 2, fall = 2, port } = health || {}
  const failures = passive?.failures ?? 3
  const all = [
    ...(health === false
      ? []
      : [`check inter ${intervalMs}ms rise ${rise} fall ${fall}${port === undefined ? '' : ` port ${port}`}`]),
    ...(health === false || failures === 0 ? [] : [`observe layer4 error-limit ${failures} on-error mark-down`]),
    ...(slowStartMs ? [`slowstart ${slowStartMs}ms`] : []),
    ...(isBounded ? [`maxconn ${maxInFlight}`] : []),
    // A name that does not resolve yet keeps nobody from starting.
    'init-addr last,libc,none',
  ]
  return [
    'backend nodes',
    ...balance(options),
    ...affinityLines(options, servers),
    ...(typeof nodes?.host === 'object' ? [`  http-request set-header Host ${quoted(nodes.host.name)}`] : []),
    '  # What was sent is sent again only where that does no harm.',
    `  http-request disable-l7-retry unless { method GET HEAD OPTIONS${retry?.methods === 'idempotent' ? ' PUT DELETE' : ''} }`,
    '  http-request disable-l7-retry if { req.hdr(Content-Length) -m found } or { req.hdr(Transfer-Encoding) -m found }',
    ...(isBounded && queueLimit > 0 && queueLimit !== Number.POSITIVE_INFINITY
      ? [`  http-request return status 503 default-errorfiles if { queue(nodes) ge ${queueLimit} }`]
      : []),
    ...checks(options),
    `  default-server ${all.join(' ')}`,
    ...(nodes?.tls?.keyFile === undefined ? [] : [keyNote(nodes.tls.keyFile)]),
    ...servers.map((server) => serverLine(server, servers, options)),
  ]
}

function checks({ health, nodes }: ExportOptions): string[] {
  if (health === false) return []
  const name = typeof nodes?.host === 'object' ? nodes.host.name : 'nodes'
  const { path = '/readyz', host = name, headers = {}, status = '200-399', body } = health ?? {}
  const fields = Object.entries({ Host: host, 'User-Agent': 'session-cluster-probe', ...headers })
  const sent = fields.map(([field, value]) => ` hdr ${field} ${quoted(literal(value))}`).join('')
  return [
    '  option httpchk',
    `  http-check send meth GET uri ${quoted(path)} ver HTTP/1.1${sent}`,
    `  http-check expect status ${status.replaceAll(' ', '')}`,
    ...(body === undefined ? [] : [`  http-check expect string ${quoted(body)}`]),
  ]
}

function balance({ policy = 'round-robin', hash }: ExportOptions): string[] {
  const consistent = ['  hash-type consistent']
  switch (policy) {
    case 'round-robin':
    case 'weighted-round-robin':
      return ['  balance roundrobin']
    case 'random':
      return ['  balance random(1)']
    case 'least-requests':
      return ['  balance leastconn']
    case 'power-of-two':
      return ['  balance random(2)']
    case 'address-hash':
      return ['  balance source']
    case 'consistent-hash': {
      const factor = hash?.loadFactor
      const isBounded = factor !== undefined && factor !== Number.POSITIVE_INFINITY
      const bound = isBounded ? [`  hash-balance-factor ${Math.max(101, Math.round(factor * 100))}`] : []
      return [...hashed(hash?.on ?? 'address'), ...consistent, ...bound]
    }
  }
}

function hashed(on: string): string[] {
  if (on === 'address') return ['  balance source']
  if (on === 'path') return ['  balance uri whole']
  const [kind, name] = [on.slice(0, on.indexOf(':')), on.slice(on.indexOf(':') + 1)]
  // Whoever lacks it goes by the address, as here.
  return [
    `  http-request set-var(txn.key) ${kind === 'cookie' ? 'req.cook' : 'req.hdr'}(${name})`,
    '  http-request set-var(txn.key) src unless { var(txn.key) -m found }',
    '  balance hash var(txn.key)',
  ]
}

function affinityLines(
  { affinity, tls, trustProxy = [] }: ExportOptions,
  servers: readonly ExportedUpstream[],
): string[] {
  if (affinity === undefined) return []
  if (affinity.by === 'route') {
    const name = affinity.cookie ?? 'JSESSIONID'
    const named = servers.filter((server) => !server.name.includes('.'))
    return named.map((server) => `  use-server ${server.name} if { req.cook(${name}) -m end .${server.name} }`)
  }
  const name = affinity.name ?? DEFAULT_NAME
  const lines = [
    `  cookie ${name} insert indirect nocache ${attributes(cookieAttributes(affinity, tls !== undefined))}`,
    // `nocache` says private: here such an answer is for no cache at all.
    `  http-after-response set-header Cache-Control no-store if { res.cook(${name}) -m found }`,
  ]
  if (trustProxy.length === 0 || tls) return lines
  const [plain, secure] = [false, true].map((isHttps) => cookieAttributes(affinity, isHttps).replace(/^Path=\/; /, ''))
  if (plain === secure) return lines
  return [
    ...lines,
    // The client's own connection was HTTPS, says a proxy that is believed.
    '  http-request set-var(txn.proto) req.hdr(X-Forwarded-Proto),lower',
    `  http-after-response replace-header Set-Cookie ^(${name.replace(/[.*+?^$|]/g, '\\$&')}=[^;]*;).*$ ${quoted(`\\1 Path=/; ${secure}`)} if { var(txn.proto) -m str https }`,
  ]
}

// It writes Path=/ by itself, and has words of its own for three more.
function attributes(text: string): string {
  const said = text.split('; ').slice(1)
  return said
    .map((attribute) => {
      if (attribute === 'HttpOnly') return 'httponly'
      if (attribute === 'Secure') return 'secure'
      return attribute.startsWith('Domain=') ? `domain ${attribute.slice(7)}` : `attr ${quoted(attribute)}`
    })
    .join(' ')
}

function serverLine(
  server: ExportedUpstream,
  all: readonly ExportedUpstream[],
  { affinity, policy, nodes }: ExportOptions,
): string {
  const most = Math.max(...all.map(({ weight }) => weight))
  const weight = most > 256 && server.weight > 0 ? Math.max(1, Math.round((server.weight * 256) / most)) : server.weight
  return [
    `  server ${server.name} ${server.address}`,
    ...(weight === 1 ? [] : [`weight ${weight}`]),
    // By it the ring is made: balancers that list the nodes in another order agree.
    ...(policy === 'consistent-hash' ? [`id ${(hash32(server.name) >>> 1) + 1}`] : []),
    ...(affinity?.by === 'cookie' ? [`cookie ${affinityToken(affinity.secret, server.name)}`] : []),
    ...(server.isTls ? [tlsTo(server, nodes?.tls)] : []),
  ].join(' ')
}

const keyNote = (keyFile: string): string =>
  `  # The key stands in the same file, or beside it with .key behind the name (here: ${keyFile}).`

function tlsTo({ host }: ExportedUpstream, { caFile, certFile, serverName }: NodeTlsFiles = {}): string {
  const name = serverName ?? (isIP(host) ? undefined : host)
  const asked = name === undefined ? '' : ` sni str(${name}) check-sni ${name} verifyhost ${name}`
  const crt = certFile === undefined ? '' : ` crt ${quoted(certFile)}`
  return `ssl verify required ca-file ${caFile === undefined ? '@system-ca' : quoted(caFile)}${crt}${asked}`
}

// Where it would look for %[…].
const literal = (text: string): string => text.replaceAll('%', '%%')

// Within quotes it reads backslashes, quotes and dollars.
const quoted = (text: string): string => (/^[\w./:=-]+$/.test(text) ? text : `"${text.replace(/[\\"$]/g, '\\$&')}"`)
