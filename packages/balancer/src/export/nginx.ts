import { isIP } from 'node:net'
import { cookieAttributes, DEFAULT_NAME } from '../affinity/cookie.ts'
import { affinityToken } from '../affinity/token.ts'
import type { PolicyName } from '../policies/index.ts'
import {
  checkExport,
  type Exported,
  type ExportedUpstream,
  type ExportOptions,
  exportedUpstreams,
  headOf,
  isWeighted,
  type Refusal,
} from './options.ts'

/**
 * A configuration of nginx (open source, 1.22 or later) that does what this balancer does, as far as it can: it neither probes
 * nodes nor queues. Clients keep their nodes: the token in an affinity cookie is a constant for each node. To drain a node,
 * give it the weight 0 and reload.
 * @throws UnsupportedOptionsError that names each option which cannot be said there
 */
export function nginxConfig(options: ExportOptions): Exported {
  checkExport('nginx', options, refusals(options))
  const notes = notesOn(options)
  const { workers = 1, drainMs, folder, maxConnections = 2048 } = options
  const main = [
    `worker_processes ${workers};`,
    ...(drainMs === undefined ? [] : [`worker_shutdown_timeout ${drainMs}ms;`]),
    ...(folder === undefined ? [] : [`pid ${folder}/nginx.pid;`, `error_log ${folder}/error.log;`]),
    // It counts those to nodes too.
    `events { worker_connections ${2 * maxConnections}; }`,
  ]
  const http = ['http {', ...indented([...httpLines(options), '', ...serverLines(options)]), '}']
  return { text: `${[...headOf('nginx', notes), '', ...main, '', ...http].join('\n')}\n`, notes }
}

function refusals(options: ExportOptions): Refusal[] {
  const { panicThreshold, passive, affinity, hash, health, slowStartMs, maxInFlight, upstreams } = options
  const given = health || {}
  const isMixed = new Set(upstreams.map(({ url }) => new URL(url).protocol)).size > 1
  const hosts = new Set(upstreams.map(({ url }) => new URL(url).hostname))
  const isNamed = [...hosts].some((host) => isIP(host.replace(/^\[|\]$/g, '')) === 0)
  const hasTls = upstreams.some(({ url }) => new URL(url).protocol === 'https:')
  const noProbes = 'it does not probe nodes'
  return [
    [panicThreshold !== undefined, 'panicThreshold', 'it has no panic threshold'],
    [
      options.nodes?.host === 'upstream',
      'nodes.host',
      'headers are written before a node is chosen: give a name, or the client’s',
    ],
    [passive?.halfLifeMs !== undefined, 'passive.halfLifeMs', 'it counts failures within a time'],
    [passive?.maxEjectMs !== undefined, 'passive.maxEjectMs', 'a node is out for the same time each time'],
    ...Object.entries(given).map(([name, value]): Refusal => [value !== undefined, `health.${name}`, noProbes]),
    [(passive?.ejectMs ?? 0) % 1000 > 0, 'passive.ejectMs', 'it counts in whole seconds'],
    [options.token?.includes('$') === true, 'token', 'it takes what follows a $ for a variable'],
    [
      affinity?.by === 'cookie' && affinity.name?.includes('$') === true,
      'affinity.name',
      'it takes what follows a $ for a variable',
    ],
    [options.via?.includes('$') === true, 'via', 'it takes what follows a $ for a variable'],
    [(slowStartMs ?? 0) > 0, 'slowStartMs', 'it has no slow start'],
    [
      isBound(maxInFlight),
      'maxInFlight',
      'it cannot wait for a node that is full: pinned clients would lose their session',
    ],
    [options.queueLimit !== undefined, 'queueLimit', 'it has no queue'],
    [options.queueTimeoutMs !== undefined, 'queueTimeoutMs', 'it has no queue'],
    [isBound(hash?.loadFactor), 'hash.loadFactor', 'its hash has no bound'],
    [
      affinity?.whenUnavailable === 'strict',
      'affinity.whenUnavailable',
      'strict affinity for some clients and retries for others',
    ],
    [
      affinity?.by === 'cookie' && isNamed,
      'upstreams',
      'it tells the nodes behind its cookies apart by address: give addresses, not names',
    ],
    [isMixed, 'upstreams', 'some of them are https, others http'],
    [
      hasTls && hosts.size > 1 && options.nodes?.tls?.serverName === undefined,
      'upstreams',
      'several https nodes must have one name, which it verifies',
    ],
  ]
}

const isBound = (value: number | undefined): boolean => value !== undefined && value !== Number.POSITIVE_INFINITY

function notesOn({ timeouts, affinity, policy, health, graceMs = 0 }: ExportOptions): string[] {
  const { headersTimeoutMs, idleTimeoutMs } = { headersTimeoutMs: 30_000, idleTimeoutMs: 60_000, ...timeouts }
  const one = Math.max(headersTimeoutMs, idleTimeoutMs)
  return [
    ...(health === false
      ? []
      : [
          'it does not probe nodes: one that is not ready, and one that is down until it has failed some requests, is asked all the same',
        ]),
    ...(graceMs > 0
      ? [`it accepts nobody from the moment in which it is told to end; here it goes on for ${graceMs} ms`]
      : []),
    'a node is drained by giving it the weight 0 and a reload; there are no metrics and no events',
    `one timer bounds the wait for headers and for the rest of an answer: ${one} ms, where here they are ${headersTimeoutMs} and ${idleTimeoutMs}`,
    'a GET that a node does not answer in time is asked of another, where here it is a 504',
    'a PUT or DELETE is asked of one node alone, even when that refuses the connection',
    'headers that a Connection line names, and header names with an underscore, are not treated as here; trailers are dropped',
    ...(policy === 'address-hash' || policy === 'consistent-hash'
      ? ['keys are hashed in another way: without affinity each client moves once']
      : []),
    ...(affinity?.by === 'cookie'
      ? ['the token of each node stands below: keep the file as secret as AFFINITY_SECRET']
      : []),
  ]
}

function httpLines(options: ExportOptions): string[] {
  const { folder, accessLog, upstreams, policy = 'round-robin', affinity, trustProxy = [], via, retry } = options
  const servers = exportedUpstreams(upstreams, isWeighted(policy))
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  return [
    ...(folder === undefined ? [] : temporary.map((kind) => `${kind}_temp_path ${folder}/${kind};`)),
    `access_log ${accessLog ? '/dev/stdout' : 'off'};`,
    'map_hash_bucket_size 256;',
    '',
    ...group('any', servers, options, balance(policy, options)),
    ...(affinity ? servers.flatMap((server) => pinned(server, servers, options)) : []),
    '',
    ...(affinity ? poolMap(options, servers) : []),
    ...(affinity?.by === 'cookie' ? cookieMaps(options, servers) : []),
    ...trust(trustProxy),
    ...(via === undefined
      ? []
      : [`map $http_via $via { "" ${quoted(`1.1 ${via}`)}; default ${quoted(`$http_via, 1.1 ${via}`)}; }`]),
    // HTTP/1.0 needs no Host, HTTP/1.1 does.
    'map $http_host $host_out { default $http_host; "" localhost; }',
    'map $http_upgrade $connection_out { default upgrade; "" ""; }',
    // What was sent is sent again only where that does no harm; of POST, LOCK and PATCH nginx knows it.
    'map "$request_method:$content_length:$http_transfer_encoding" $is_once {',
    '  default 1;',
    `  "~^(GET|HEAD|OPTIONS${retry?.methods === 'idempotent' ? '|PUT|DELETE' : ''})::$" 0;`,
    '  "~^(POST|LOCK|PATCH):" 0;',
    '}',
    // Of a group without anybody left it says the name.
    'map $upstream_addr $is_nobody { default 0; "~(^|[ ,:])(any|pin_[^ ,:]*)$" 1; }',
    'map $is_nobody $retry_after { default ""; 1 1; }',
  ]
}

function balance(policy: PolicyName, { hash }: ExportOptions): string[] {
  switch (policy) {
    case 'round-robin':
    case 'weighted-round-robin':
      return []
    case 'random':
      return ['random;']
    case 'least-requests':
      return ['least_conn;']
    case 'power-of-two':
      return ['random two least_conn;']
    case 'address-hash':
      return ['hash $remote_addr;']
    case 'consistent-hash':
      return [`hash ${hashedOn(hash?.on ?? 'address')} consistent;`]
  }
}

function hashedOn(on: string): string {
  if (on === 'address') return '$remote_addr'
  if (on === 'path') return '$request_uri'
  const [kind, name = ''] = on.split(/:(.*)/)
  return `$${kind === 'cookie' ? 'cookie' : 'http'}_${kind === 'cookie' ? name : name.toLowerCase().replaceAll('-', '_')}`
}

function group(name: string, servers: readonly ExportedUpstream[], options: ExportOptions, policy: string[]): string[] {
  const all = servers.map((server) => serverLine(server, options, server.weight === 0 ? ' down' : weightOf(server)))
  return [`upstream ${name} {`, ...indented([`zone ${name} 128k;`, ...policy, ...all, ...keepAlive(options)]), '}']
}

// The others take its clients over when it fails, but for those that take nobody new.
function pinned(server: ExportedUpstream, servers: readonly ExportedUpstream[], options: ExportOptions): string[] {
  const others = servers.filter((other) => other !== server && other.weight > 0)
  const lines = [
    serverLine(server, options, ''),
    ...others.map((other) => serverLine(other, options, `${weightOf(other)} backup`)),
  ]
  const name = `pin_${server.name}`
  return [`upstream ${name} {`, ...indented([`zone ${name} 128k;`, ...lines, ...keepAlive(options)]), '}']
}

const keepAlive = ({ nodes }: ExportOptions): string[] => [
  'keepalive 64;',
  `keepalive_time ${nodes?.maxConnectionAgeMs ?? 300_000}ms;`,
]

const weightOf = ({ weight }: ExportedUpstream): string => (weight === 1 ? '' : ` weight=${weight}`)

function serverLine({ address }: ExportedUpstream, { passive }: ExportOptions, more: string): string {
  return `server ${address} max_fails=${passive?.failures ?? 3} fail_timeout=${(passive?.ejectMs ?? 2000) / 1000}s${more};`
}

function poolMap({ affinity }: ExportOptions, servers: readonly ExportedUpstream[]): string[] {
  if (affinity === undefined) return []
  const value = ({ name }: ExportedUpstream): string =>
    affinity.by === 'cookie' ? affinityToken(affinity.secret, name) : `[^;]*\\.${escaped(name)}`
  const cookie = affinity.by === 'cookie' ? (affinity.name ?? DEFAULT_NAME) : (affinity.cookie ?? 'JSESSIONID')
  const known = servers.filter(({ name }) => affinity.by === 'cookie' || !name.includes('.'))
  return [
    'map $http_cookie $pool {',
    '  default any;',
    ...known.map((server) => `  "~(^|;\\s*)${escaped(cookie)}=${value(server)}\\s*(;|$)" pin_${server.name};`),
    '}',
  ]
}

function cookieMaps({ affinity, tls, trustProxy = [] }: ExportOptions, servers: readonly ExportedUpstream[]): string[] {
  if (affinity?.by !== 'cookie') return []
  const name = affinity.name ?? DEFAULT_NAME
  const tokens = servers.map((server) => ({ ...server, token: affinityToken(affinity.secret, server.name) }))
  const [plain, secure] = [false, true].map((isHttps) => cookieAttributes(affinity, isHttps))
  const attributes = tls ? secure : trustProxy.length > 0 && plain !== secure ? '$cookie_attributes' : plain
  return [
    ...(attributes === '$cookie_attributes'
      ? [`map $forwarded_proto $cookie_attributes { default "${plain}"; "~*^https$" "${secure}"; }`]
      : []),
    'map $upstream_addr $token {',
    ...tokens.map(({ address, token }) => `  "~(^|[ ,])${escaped(address)}$" ${token};`),
    '}',
    'map "$pool:$token" $new_cookie {',
    `  default "${name}=$token; ${attributes}";`,
    '  "~:$" "";',
    ...tokens.map(({ name, token }) => `  "pin_${name}:${token}" "";`),
    '}',
    'map $new_cookie $cache_control { default no-store; "" $upstream_http_cache_control; }',
    // Nodes do not see it; a planted second one neither.
    ...withoutCookie(name, '$http_cookie', 'without_one'),
    ...withoutCookie(name, '$without_one', 'cookie_out'),
  ]
}

function withoutCookie(name: string, from: string, to: string): string[] {
  const cookie = `${escaped(name)}=[^;]*`
  return [
    `map ${from} $${to} {`,
    `  default ${from};`,
    `  "~^${cookie}$" "";`,
    `  "~^${cookie};\\s*(?<${to}_1>.*)$" $${to}_1;`,
    `  "~^(?<${to}_2>.*?);\\s*${cookie}(?<${to}_3>(;.*)?)$" $${to}_2$${to}_3;`,
    '}',
  ]
}

// What proxies before this one say is kept if they are believed.
function trust(trustProxy: readonly string[]): string[] {
  if (trustProxy.length === 0) return []
  const kept = (header: string, own: string, name: string): string =>
    `map "$is_trusted:$http_${header}" $${name} { default ${own}; "~^1:(?<${name}_kept>.+)$" $${name}_kept; }`
  return [
    trustProxy.includes('*')
      ? 'map $remote_addr $is_trusted { default 1; }'
      : `geo $is_trusted { default 0; ${trustProxy.map((entry) => `${entry} 1;`).join(' ')} }`,
    'map $is_trusted $forwarded_for { default $remote_addr; 1 $proxy_add_x_forwarded_for; }',
    kept('x_forwarded_proto', '$scheme', 'forwarded_proto'),
    kept('x_forwarded_host', '$http_host', 'forwarded_host'),
    kept('x_forwarded_prefix', '""', 'forwarded_prefix'),
    kept('x_forwarded_port', '$server_port', 'forwarded_port'),
    kept('x_real_ip', '""', 'real_ip'),
    'map "$is_trusted:$http_forwarded" $forwarded { default $hop; "~^1:(?<forwarded_kept>.+)$" "$forwarded_kept, $hop"; }',
  ]
}

function serverLines(options: ExportOptions): string[] {
  const { listen, tls, timeouts = {}, retries = 2, affinity, upstreams, token, via, trustProxy = [] } = options
  const { connectTimeoutMs = 1000, headersTimeoutMs = 30_000, idleTimeoutMs = 60_000 } = timeouts
  const passedOver = ['error', 'timeout', ...(options.retry?.statuses ?? []).map((status) => `http_${status}`)]
  const { maxHeaderBytes = 16_384, host: nodeHost, tls: nodeTls } = options.nodes ?? {}
  const bufferBytes = Math.ceil(maxHeaderBytes / 4096) * 4096
  const host = listen.host ?? '127.0.0.1'
  const isTrusting = trustProxy.length > 0
  const first = upstreams[0] && new URL(upstreams[0].url)
  const isTls = first?.protocol === 'https:'
  const set = (name: string, value: string): string => `proxy_set_header ${name} ${value};`
  const pass = `proxy_pass http${isTls ? 's' : ''}://${affinity ? '$pool' : 'any'};`
  return [
    'server {',
    ...indented([
      `listen ${host.includes(':') ? `[${host}]` : host}:${listen.port}${tls ? ' ssl http2' : ''};`,
      ...(tls ? [`ssl_certificate ${tls.certFile};`, `ssl_certificate_key ${tls.keyFile};`] : []),
      'server_tokens off; merge_slashes off;',
      'client_header_timeout 10s; keepalive_timeout 60s; large_client_header_buffers 4 16k; client_max_body_size 0;',
      `client_body_timeout ${idleTimeoutMs}ms; send_timeout ${idleTimeoutMs}ms;`,
      `proxy_connect_timeout ${connectTimeoutMs}ms; proxy_send_timeout ${headersTimeoutMs}ms;`,
      `proxy_read_timeout ${Math.max(headersTimeoutMs, idleTimeoutMs)}ms;`,
      `proxy_http_version 1.1; proxy_buffering off; proxy_request_buffering off; proxy_buffer_size ${bufferBytes};`,
      `proxy_buffers 8 ${bufferBytes}; proxy_busy_buffers_size ${2 * bufferBytes};`,
      retries === 0 ? 'proxy_next_upstream off;' : `proxy_next_upstream ${passedOver.join(' ')};`,
      `proxy_next_upstream_tries ${retries + 1};`,
      ...(isTls
        ? [
            'proxy_ssl_verify on; proxy_ssl_server_name on; proxy_ssl_protocols TLSv1.2 TLSv1.3;',
            `proxy_ssl_trusted_certificate ${nodeTls?.caFile ?? '/etc/ssl/certs/ca-certificates.crt'};`,
            `proxy_ssl_name ${nodeTls?.serverName ?? first?.hostname};`,
            ...(nodeTls?.certFile === undefined
              ? []
              : [`proxy_ssl_certificate ${nodeTls.certFile};`, `proxy_ssl_certificate_key ${nodeTls.keyFile};`]),
          ]
        : []),
      'set $hop "for=$remote_addr;host=\\"$http_host\\";proto=$scheme";',
      set('Host', typeof nodeHost === 'object' ? quoted(nodeHost.name) : '$host_out'),
      set('Connection', '$connection_out'),
      set('Upgrade', '$http_upgrade'),
      ...(affinity?.by === 'cookie' ? [set('Cookie', '$cookie_out')] : []),
      set('X-Request-Id', '$request_id'),
      set('X-Balancer-Token', token === undefined ? '""' : quoted(token)),
      set('X-Forwarded-For', isTrusting ? '$forwarded_for' : '$remote_addr'),
      set('X-Forwarded-Proto', isTrusting ? '$forwarded_proto' : '$scheme'),
      set('X-Forwarded-Host', isTrusting ? '$forwarded_host' : '$http_host'),
      set('X-Forwarded-Prefix', isTrusting ? '$forwarded_prefix' : '""'),
      set('X-Forwarded-Port', isTrusting ? '$forwarded_port' : '$server_port'),
      set('X-Real-IP', isTrusting ? '$real_ip' : '""'),
      set('Forwarded', isTrusting ? '$forwarded' : '$hop'),
      ...(via === undefined ? [] : [set('Via', '$via')]),
      'proxy_hide_header X-Request-Id;',
      'add_header X-Request-Id $request_id always;',
      ...(affinity?.by === 'cookie'
        ? [
            'proxy_hide_header Cache-Control;',
            'add_header Set-Cookie $new_cookie always;',
            'add_header Cache-Control $cache_control always;',
          ]
        : []),
      'location / {',
      '  error_page 418 = @once;',
      '  if ($is_once) { return 418; }',
      '  error_page 502 = @away;',
      `  ${pass}`,
      '}',
      'location @once {',
      '  proxy_next_upstream off;',
      '  error_page 502 = @away;',
      `  ${pass}`,
      '}',
      'location @away {',
      '  default_type "text/plain; charset=utf-8";',
      '  add_header X-Request-Id $request_id always;',
      '  add_header Cache-Control no-store always;',
      '  add_header Retry-After $retry_after always;',
      '  if ($is_nobody) { return 503 "503 Service Unavailable: no upstream is available\\n"; }',
      '  return 502 "502 Bad Gateway: the upstream closed before it answered\\n";',
      '}',
    ]),
    '}',
  ]
}

const indented = (lines: readonly string[]): string[] => lines.map((line) => (line === '' ? '' : `  ${line}`))
const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
const quoted = (text: string): string => `"${text.replace(/[\\"]/g, '\\$&')}"`
