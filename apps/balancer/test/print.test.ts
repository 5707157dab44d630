import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { readConfig } from '../src/config.ts'
import { exported, type Target } from '../src/print.ts'

const source = fileURLToPath(new URL('../src', import.meta.url))
const pem = fileURLToPath(import.meta.url)

/** A value of each variable that changes what the balancer does, with what else it takes to mean something. */
const values: Record<string, string | Record<string, string>> = {
  ACCESS_LOG: 'on',
  ADMIN_HOST: '127.0.0.2',
  ADMIN_PORT: '9999',
  ADMIN_TOKEN: 'a token of the tests',
  AFFINITY: 'route',
  AFFINITY_COOKIE: 'NODE',
  AFFINITY_DOMAIN: 'example.test',
  AFFINITY_MAX_AGE_MS: '60000',
  AFFINITY_PARTITIONED: { AFFINITY_PARTITIONED: 'true', AFFINITY_SECURE: 'true' },
  AFFINITY_PATH: '/app',
  AFFINITY_SAME_SITE: 'strict',
  AFFINITY_SECRET: 'another secret of the tests',
  AFFINITY_SECURE: 'true',
  AFFINITY_UNAVAILABLE: 'strict',
  BALANCER_PORT: '8123',
  BALANCER_TOKEN: 'what nodes believe',
  CONNECT_TIMEOUT_MS: '1234',
  DISCOVERY_DNS: '127.0.0.1',
  DISCOVERY_DRAIN_MS: '1234',
  DISCOVERY_MAX_MS: '12345',
  DISCOVERY_MIN_MS: '1234',
  DRAIN_MS: '1234',
  ENGINE: 'http-proxy',
  GRACE_MS: '1234',
  HASH_ON: { HASH_ON: 'path', POLICY: 'consistent-hash' },
  HEADERS_TIMEOUT_MS: '61234',
  HEALTH_BODY: 'ready',
  HEALTH_HEADERS: 'x-probe: 1',
  HEALTH_HOST: 'probed.test',
  HEALTH_INTERVAL_MS: '1234',
  HEALTH_PATH: '/health',
  HEALTH_PORT: '9080',
  HEALTH_RISE: '5',
  HEALTH_FALL: '5',
  HEALTH_STATUS: '204',
  HEALTH_TIMEOUT_MS: '123',
  HOST: '127.0.0.2',
  IDLE_TIMEOUT_MS: '61234',
  LOAD_FACTOR: { LOAD_FACTOR: '1.5', POLICY: 'consistent-hash' },
  LOG_LEVEL: 'warn',
  MAX_CONNECTIONS: '1234',
  MAX_IN_FLIGHT: '12',
  MODE: 'local',
  PANIC_THRESHOLD: '0.25',
  PASSIVE_EJECT_MS: '1234',
  PASSIVE_FAILURES: '7',
  POLICY: 'least-requests',
  QUEUE_LIMIT: { QUEUE_LIMIT: '12', MAX_IN_FLIGHT: '5' },
  QUEUE_TIMEOUT_MS: { QUEUE_TIMEOUT_MS: '1234', MAX_IN_FLIGHT: '5' },
  RETRIES: '1',
  RETRY_METHODS: 'idempotent',
  RETRY_STATUSES: '503',
  SLOW_START_MS: '1234',
  TLS_CERT: { TLS_CERT: pem, TLS_KEY: `${source}/config.ts` },
  TLS_KEY: { TLS_CERT: pem, TLS_KEY: pem },
  TRUST_PROXY: '10.0.0.0/8',
  UPSTREAMS: 'x=http://127.0.0.1:1',
  UPSTREAMS_FILE: '/etc/upstreams',
  UPSTREAM_CA: { UPSTREAM_CA: pem, UPSTREAMS: 'a=https://127.0.0.1' },
  UPSTREAM_CERT: { UPSTREAM_CERT: pem, UPSTREAM_KEY: pem, UPSTREAMS: 'a=https://127.0.0.1' },
  UPSTREAM_HOST: 'upstream',
  UPSTREAM_KEY: { UPSTREAM_CERT: pem, UPSTREAM_KEY: `${source}/config.ts`, UPSTREAMS: 'a=https://127.0.0.1' },
  UPSTREAM_MAX_CONNECTION_AGE_MS: '1234',
  UPSTREAM_MAX_HEADER_BYTES: '123456',
  UPSTREAM_SERVER_NAME: { UPSTREAM_SERVER_NAME: 'two.test', UPSTREAMS: 'a=https://127.0.0.1' },
  VIA: 'lb',
  WORKERS: '3',
  WORKER_SILENCE_MS: '12345',
}

const base = { MODE: 'sticky', AFFINITY_SECRET: 'a secret of the tests only' }

/** The file for that environment, or why there is none. */
function printed(target: Target, env: Record<string, string>): string {
  try {
    return exported(readConfig({ ...base, ...env }), target).text
  } catch (error) {
    return `REFUSED\n${(error as Error).message}`
  }
}

test('every variable that the balancer reads has a row here', () => {
  const files = readdirSync(source).filter((name) => name.endsWith('config.ts'))
  const texts = files.map((name) => readFileSync(`${source}/${name}`, 'utf8'))
  const read = texts.flatMap((text) => [...text.matchAll(/'([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*)'/g)].map(([, name]) => name))
  expect(Object.keys(values).toSorted()).toEqual([...new Set(read)].toSorted())
})

describe.each<Target>(['haproxy', 'nginx'])('--print %s', (target) => {
  test.each(Object.keys(values))('says %s, refuses it by name, or calls it one of the balancer’s own', (variable) => {
    const given = values[variable] as string | Record<string, string>
    const env = typeof given === 'string' ? { [variable]: given } : given
    // The same but for this one.
    const { [variable]: _, ...others } = env
    const without = variable === 'UPSTREAM_KEY' ? { ...env, UPSTREAM_KEY: pem } : others
    const before = printed(target, variable === 'TLS_KEY' ? { ...env, TLS_KEY: `${source}/config.ts` } : without)
    const after = printed(target, env)
    const isRefused = after.startsWith('REFUSED') && new RegExp(`^${variable}: `, 'm').test(after)
    const isSaid = !after.startsWith('REFUSED') && after !== before
    const isOwn = new RegExp(`^# Variables of .*\\b${variable}\\b`, 'm').test(after)
    expect([variable, isRefused, isSaid, isOwn].filter((is) => is === true)).toEqual([true])
  })
})
