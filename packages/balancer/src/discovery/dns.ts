import { Resolver } from 'node:dns/promises'
import { checkUpstream, type UpstreamOptions } from '../pool/upstream.ts'
import type { DiscoverySource, Found } from './source.ts'

/** How names are resolved. */
export interface DnsOptions {
  /** Name servers, `address` or `address:port`. @default those of the system */
  servers?: readonly string[] | undefined
  /** How long one server may take to answer; it is asked twice. @default 1000 */
  timeoutMs?: number | undefined
}

/** A DNS source, read. */
interface Place {
  kind: 'a' | 'srv'
  name: string
  port: number
  scheme: 'http' | 'https'
}

/** Whether the text is meant as a DNS source: begins with `dns+`. */
export const isDnsSource = (text: string): boolean => text.startsWith('dns+')

/**
 * Upstreams from DNS; `?scheme=https` behind either form makes them HTTPS.
 *
 * - `dns+a://web:8080`: each address of the name is an upstream, named by the address.
 * - `dns+srv://_http._tcp.web`: each target is an upstream, named by the target's first label (`web-0` of a StatefulSet), and
 *   where several targets begin alike, by label and port. Weights are those of the records, in lowest terms; priorities are
 *   not looked at. A target that cannot be resolved keeps its last address.
 *
 * Names are asked as they are, without search domains: full ones, unless the server knows short ones (Docker's does). An
 * answer is good for the shortest TTL among the addresses: Node tells no TTL of SRV records, whose targets have one each.
 * @throws TypeError when the text is neither
 */
export function dnsSource(text: string, { servers, timeoutMs = 1000 }: DnsOptions = {}): DiscoverySource {
  const place = parsePlace(text)
  const resolver = new Resolver({ timeout: timeoutMs, tries: 2 })
  if (servers && servers.length > 0) resolver.setServers(servers)
  if (place.kind === 'a') return { name: text, find: () => findAddresses(resolver, place) }
  const lastAddress = new Map<string, string>()
  return { name: text, find: () => findTargets(resolver, place, lastAddress) }
}

function parsePlace(text: string): Place {
  const wrong = (why: string): TypeError =>
    new TypeError(`${JSON.stringify(text)} is not dns+a://name:port or dns+srv://_service._protocol.name: ${why}`)
  const url = URL.parse(text)
  const kind = url?.protocol === 'dns+a:' ? 'a' : url?.protocol === 'dns+srv:' ? 'srv' : undefined
  if (!url || !kind) throw wrong('the scheme is neither')
  if (!/^[\w-]+(\.[\w-]+)*\.?$/.test(url.hostname)) throw wrong('there is no host name')
  if ((url.pathname !== '' && url.pathname !== '/') || url.hash || url.username || url.password) {
    throw wrong('only ?scheme=https may follow')
  }
  if (kind === 'srv' && url.port !== '') throw wrong('the port comes with the records')
  const { scheme = 'http', ...unknown } = Object.fromEntries(url.searchParams)
  if ((scheme !== 'http' && scheme !== 'https') || Object.keys(unknown).length > 0) {
    throw wrong('only ?scheme=http or ?scheme=https may follow')
  }
  const port = url.port === '' ? (scheme === 'https' ? 443 : 80) : Number(url.port)
  return { kind, name: url.hostname, port, scheme }
}

async function findAddresses(resolver: Resolver, { name, port, scheme }: Place): Promise<Found> {
  const records = await resolver.resolve4(name, { ttl: true })
  const addresses = [...new Set(records.map(({ address }) => address))].toSorted()
  return {
    upstreams: addresses.map((address) => checkUpstream({ name: address, url: `${scheme}://${address}:${port}` })),
    ttlMs: shortest(records),
  }
}

async function findTargets(resolver: Resolver, place: Place, lastAddress: Map<string, string>): Promise<Found> {
  const records = (await resolver.resolveSrv(place.name)).filter(({ name }) => name !== '' && name !== '.')
  const ttls: { ttl: number }[] = []
  const hosts = [...new Set(records.map(({ name }) => name))]
  const resolved = await Promise.allSettled(hosts.map((host) => resolver.resolve4(host, { ttl: true })))
  for (const [i, host] of hosts.entries()) {
    const answer = resolved[i] as PromiseSettledResult<{ address: string; ttl: number }[]>
    if (answer.status === 'rejected') continue
    ttls.push(...answer.value)
    // Answers come in any order; one address is as good as another, as long as it stays.
    const addresses = answer.value.map(({ address }) => address)
    const last = lastAddress.get(host)
    if (last === undefined || !addresses.includes(last)) lastAddress.set(host, addresses.toSorted()[0] as string)
  }
  for (const host of lastAddress.keys()) if (!hosts.includes(host)) lastAddress.delete(host)
  const placed = records.flatMap(({ name: host, port, weight }) => {
    const address = lastAddress.get(host)
    return address === undefined ? [] : [{ host, port, weight, url: `${place.scheme}://${address}:${port}` }]
  })
  return { upstreams: named(placed), ttlMs: shortest(ttls) }
}

interface Placed {
  host: string
  port: number
  weight: number
  url: string
}

function named(records: readonly Placed[]): UpstreamOptions[] {
  const labelOf = ({ host }: Placed): string => host.split('.')[0] as string
  const times = Map.groupBy(records, labelOf)
  const weights = inLowestTerms(records.map(({ weight }) => weight))
  return records.map((record, i) => {
    const label = labelOf(record)
    const name = times.get(label)?.length === 1 ? label : `${label}-${record.port}`
    return checkUpstream({ name, url: record.url, weight: weights[i] })
  })
}

/**
 * Weights of SRV records (0 to 65,535; 0 is small, not none: RFC 2782) as an upstream's (1 to 1000): equal ones are 1.
 */
export function inLowestTerms(weights: readonly number[]): number[] {
  const most = Math.max(...weights, 1)
  const scaled = weights.map((weight) => Math.max(1, most > 1000 ? Math.round((weight * 1000) / most) : weight))
  const divisor = scaled.reduce(greatestCommon, 0) || 1
  return scaled.map((weight) => weight / divisor)
}

function greatestCommon(a: number, b: number): number {
  return b === 0 ? a : greatestCommon(b, a % b)
}

const shortest = (records: readonly { ttl: number }[]): number => Math.min(...records.map(({ ttl }) => ttl)) * 1000
