import { readFileSync } from 'node:fs'
import { type ActiveOptions, checkHealth, checkNodes, type ExportOptions } from '@session-cluster/balancer'
import { ConfigError, type Environment, guarded, headerText, quote, text, whole } from '@session-cluster/contract'

const SOME_MS = [10, 3_600_000] as const

/**
 * How nodes are probed. What is not given is left to the library: another balancer is told only what was asked for.
 * @throws ConfigError
 */
export function health(env: Environment): ActiveOptions {
  const path = text(env, 'HEALTH_PATH')
  if (path !== undefined && !/^\/(?!\/)/.test(path)) {
    throw new ConfigError('HEALTH_PATH', `${quote(path)} does not begin with one /`)
  }
  return {
    path,
    intervalMs: whole(env, 'HEALTH_INTERVAL_MS', SOME_MS),
    timeoutMs: whole(env, 'HEALTH_TIMEOUT_MS', SOME_MS),
    rise: whole(env, 'HEALTH_RISE', [1, 100]),
    fall: whole(env, 'HEALTH_FALL', [1, 100]),
    ...probe(env),
  }
}

function probe(env: Environment): ActiveOptions {
  const options: ActiveOptions = {
    host: text(env, 'HEALTH_HOST'),
    headers: text(env, 'HEALTH_HEADERS') === undefined ? undefined : healthHeaders(env),
    port: whole(env, 'HEALTH_PORT', [1, 65_535]),
    status: text(env, 'HEALTH_STATUS'),
    body: text(env, 'HEALTH_BODY'),
  }
  for (const name of ['host', 'headers', 'status'] as const) {
    const variable = `HEALTH_${name.toUpperCase()}`
    guarded(variable, () => checkHealth(variable, { [name]: options[name] }))
  }
  return options
}

function healthHeaders(env: Environment): Record<string, string> {
  const entries = (text(env, 'HEALTH_HEADERS') ?? '').split('|').map((entry) => {
    const [, name, value] = /^\s*([^:]+?)\s*:\s*(.*?)\s*$/.exec(entry) ?? []
    if (name === undefined || value === undefined) {
      throw new ConfigError('HEALTH_HEADERS', `${quote(entry)} is not name: value, several of them between |`)
    }
    return [name, value]
  })
  return Object.fromEntries(entries)
}

/** How nodes are talked to; TLS by the paths of its files. */
export type NodesConfig = NonNullable<ExportOptions['nodes']>

/** @throws ConfigError */
export function nodes(env: Environment): NodesConfig {
  const host = text(env, 'UPSTREAM_HOST') ?? 'client'
  const [caFile, certFile, keyFile] = [text(env, 'UPSTREAM_CA'), text(env, 'UPSTREAM_CERT'), text(env, 'UPSTREAM_KEY')]
  if (certFile !== undefined && keyFile === undefined)
    throw new ConfigError('UPSTREAM_KEY', 'needed with UPSTREAM_CERT')
  if (certFile === undefined && keyFile !== undefined)
    throw new ConfigError('UPSTREAM_CERT', 'needed with UPSTREAM_KEY')
  const files = { UPSTREAM_CA: caFile, UPSTREAM_CERT: certFile, UPSTREAM_KEY: keyFile }
  for (const [name, file] of Object.entries(files)) if (file !== undefined) guarded(name, () => readFileSync(file))
  const options = {
    host: host === 'client' || host === 'upstream' ? host : { name: host },
    tls: { caFile, certFile, keyFile, serverName: headerText(env, 'UPSTREAM_SERVER_NAME') },
    maxConnectionAgeMs: whole(env, 'UPSTREAM_MAX_CONNECTION_AGE_MS', [0, 86_400_000]),
    maxHeaderBytes: whole(env, 'UPSTREAM_MAX_HEADER_BYTES', [256, 1_048_576]),
  } as const
  guarded('UPSTREAM_HOST', () => checkNodes('UPSTREAM_HOST', { host: options.host }))
  return options
}
