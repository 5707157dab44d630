import { readFileSync } from 'node:fs'
import type { Server } from 'node:http'
import {
  type AdminOptions,
  type Balancer,
  type Control,
  cookieAffinity,
  createAdmin,
  createBalancer,
  Discovery,
  discoveryMetrics,
  dnsSource,
  fileSource,
  type NodeOptions,
  routeSuffixAffinity,
  type TlsOptions,
} from '@session-cluster/balancer'
import { hasAffinity } from '@session-cluster/contract'
import type { Logger } from 'pino'
import type { Config } from './config.ts'

/** Builds the balancer of this process. MODE decides whether affinity is wrapped around the policy. */
export function buildBalancer(config: Config, log: Logger): Balancer {
  const { upstreams, policy, engine, health, tuning } = config
  return createBalancer({
    ...{ upstreams, policy, engine, health, nodes: readNodes(config), ...tuning },
    affinity: affinityOf(config),
    front: { tls: readTls(config), maxConnections: config.maxConnections },
    accessLog: config.accessLog ? (entry) => log.info(entry, 'request') : undefined,
  })
}

/** Builds the admin server over a control: this process's balancer, or all workers'. */
export function buildAdmin(config: Config, control: Control, discoveries: readonly Discovery[]): Server {
  const options: AdminOptions = {
    token: config.adminToken,
    about: () => about(config),
    moreMetrics: () => discoveryMetrics(discoveries.map(({ status }) => status)),
  }
  return createAdmin(control, options)
}

/** Builds what looks upstreams up; nothing is asked until `start`. */
export function buildDiscoveries({ discovery }: Config, control: Control, log: Logger): Discovery[] {
  const { dns, file, servers, minMs, maxMs, drainMs } = discovery
  const sources = [...dns.map((source) => dnsSource(source, { servers })), ...(file ? [fileSource(file)] : [])]
  return sources.map(
    (source) =>
      new Discovery({
        ...{ source, control, minMs, maxMs, drainMs },
        onChange: ({ source, found, problem }) => {
          if (problem === undefined) log.info({ source, found }, 'discovery works')
          else log.warn({ source, found, problem }, 'discovery fails: what was found before stays')
        },
      }),
  )
}

/** Reads certificate and key from their files; `undefined` without TLS. */
export function readTls({ tls }: Config): TlsOptions | undefined {
  return tls && { cert: readFileSync(tls.certFile), key: readFileSync(tls.keyFile) }
}

/** How nodes are talked to, with what the files hold. */
export function readNodes({ nodes: { tls = {}, ...options } }: Config): NodeOptions {
  const { caFile, certFile, keyFile, serverName } = tls
  const read = (file: string | undefined) => file && readFileSync(file)
  return { ...options, tls: { ca: read(caFile), cert: read(certFile), key: read(keyFile), serverName } }
}

function affinityOf({ mode, affinity }: Config) {
  if (!hasAffinity(mode)) return undefined
  return affinity.by === 'route' ? routeSuffixAffinity(affinity) : cookieAffinity(affinity)
}

function about(config: Config): object {
  return {
    name: 'session-cluster balancer',
    mode: config.mode,
    policy: config.policy,
    engine: config.engine,
    affinity: affinityOf(config)?.name ?? null,
    health: config.health,
    workers: config.workers ?? 0,
    pid: process.pid,
  }
}
