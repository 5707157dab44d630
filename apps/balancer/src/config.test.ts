import { expect, test } from 'vitest'
import { readConfig } from './config.ts'

test('the defaults are a local balancer in front of the three nodes', () => {
  const config = readConfig({})
  expect(config).toMatchObject({
    mode: 'local',
    port: 8000,
    host: '127.0.0.1',
    adminPort: 8001,
    adminHost: '127.0.0.1',
  })
  expect(config).toMatchObject({ policy: 'round-robin', engine: 'direct', accessLog: false })
  expect(config.upstreams.map(({ name, url }) => `${name}=${new URL(url).origin}`).join()).toBe(
    'a=http://127.0.0.1:8080,b=http://127.0.0.1:8081,c=http://127.0.0.1:8082',
  )
})

test('redis is another name of clustered, and empty variables are unset ones', () => {
  expect(readConfig({ MODE: 'redis', POLICY: '', TLS_CERT: ' ' })).toMatchObject({ mode: 'clustered', tls: undefined })
})

test('weights come behind the address', () => {
  expect(readConfig({ UPSTREAMS: 'a=http://x:1*5, b=http://y:2' }).upstreams.map((u) => u.weight)).toEqual([
    5,
    undefined,
  ])
})

test('what is looked up stands beside what is listed', () => {
  const config = readConfig({ UPSTREAMS: 'a=http://x:1,dns+a://web:8080,dns+srv://_http._tcp.web' })
  expect(config.upstreams.map((u) => u.name)).toEqual(['a'])
  expect(config.discovery).toMatchObject({ dns: ['dns+a://web:8080', 'dns+srv://_http._tcp.web'], file: undefined })
})

test('a file alone is enough, and the defaults are not added to it', () => {
  expect(readConfig({ UPSTREAMS_FILE: '/etc/upstreams' })).toMatchObject({
    upstreams: [],
    discovery: { file: '/etc/upstreams', dns: [], minMs: 1000, maxMs: 10_000, drainMs: 10_000 },
  })
})

test('what nodes are told, and what is asked of them, is read', () => {
  const env = { UPSTREAM_HOST: 'inner.example', HEALTH_HEADERS: 'X-A: 1 | X-B: b:c', RETRY_STATUSES: '502, 503' }
  expect(
    readConfig({ ...env, AFFINITY_SECURE: 'true', AFFINITY_SAME_SITE: 'none', HEALTH_STATUS: '200,204' }),
  ).toMatchObject({
    nodes: { host: { name: 'inner.example' } },
    health: { headers: { 'X-A': '1', 'X-B': 'b:c' }, status: '200,204' },
    tuning: { retry: { methods: 'safe', statuses: [502, 503] } },
    affinity: { secure: true, sameSite: 'none' },
  })
  expect(readConfig({ UPSTREAM_HOST: 'upstream' }).nodes.host).toBe('upstream')
})

const wrong: [Record<string, string>, RegExp][] = [
  [{ MODE: 'cluster' }, /^MODE: "cluster" is not one of local, sticky, clustered/],
  [{ BALANCER_PORT: '70000' }, /^BALANCER_PORT: "70000" is not a whole number from 0 to 65535$/],
  [{ BALANCER_PORT: '80a' }, /^BALANCER_PORT: /],
  [{ ADMIN_PORT: '-1' }, /^ADMIN_PORT: /],
  [{ POLICY: 'fastest' }, /^POLICY: "fastest" is not one of round-robin, /],
  [{ ENGINE: 'curl' }, /^ENGINE: "curl" is not one of direct, http-proxy$/],
  [{ UPSTREAMS: 'http://x' }, /^UPSTREAMS: .*name=http:\/\/host:port/],
  [{ UPSTREAMS: 'a=ftp://x' }, /^UPSTREAMS: url: "ftp:\/\/x" is not http/],
  [{ UPSTREAMS: 'a=http://x/path' }, /^UPSTREAMS: url: .* no path/],
  [{ UPSTREAMS: 'a=http://x,a=http://y' }, /^UPSTREAMS: a is there twice$/],
  [{ UPSTREAMS: 'a=http://x*5000' }, /^UPSTREAMS: weight: 5000/],
  [{ UPSTREAMS: 'dns+a://' }, /^UPSTREAMS: "dns\+a:\/\/" is not dns\+a:/],
  [{ UPSTREAMS: 'dns+aaaa://web:80' }, /^UPSTREAMS: .*the scheme is neither/],
  [{ DISCOVERY_DNS: 'ns.example' }, /^DISCOVERY_DNS: /],
  [{ DISCOVERY_MIN_MS: '1' }, /^DISCOVERY_MIN_MS: /],
  [{ DISCOVERY_MIN_MS: '5000', DISCOVERY_MAX_MS: '1000' }, /^DISCOVERY_MAX_MS: "1000" is not a whole number from 5000/],
  [{ UPSTREAM_HOST: 'a b' }, /^UPSTREAM_HOST: /],
  [{ UPSTREAM_CERT: '/nowhere.pem' }, /^UPSTREAM_KEY: needed/],
  [{ UPSTREAM_CA: '/nowhere.pem' }, /^UPSTREAM_CA: ENOENT/],
  [{ UPSTREAM_MAX_HEADER_BYTES: '1' }, /^UPSTREAM_MAX_HEADER_BYTES: /],
  [{ HEALTH_STATUS: '2xx' }, /^HEALTH_STATUS: /],
  [{ HEALTH_HEADERS: 'no colon' }, /^HEALTH_HEADERS: "no colon" is not name: value/],
  [{ HEALTH_HEADERS: 'a b: c' }, /^HEALTH_HEADERS: /],
  [{ HEALTH_HOST: 'a\u0000b' }, /^HEALTH_HOST: /],
  [{ HEALTH_PORT: '0' }, /^HEALTH_PORT: /],
  [{ RETRY_STATUSES: '500' }, /^RETRY_STATUSES: "500" is not one of 502, 503, 504$/],
  [{ RETRY_METHODS: 'all' }, /^RETRY_METHODS: /],
  [{ AFFINITY_SAME_SITE: 'none' }, /^AFFINITY_SAME_SITE: .*needs secure/],
  [{ AFFINITY_PARTITIONED: 'true' }, /^AFFINITY_PARTITIONED: .*needs secure/],
  [{ AFFINITY_PATH: 'app' }, /^AFFINITY_PATH: /],
  [{ AFFINITY_DOMAIN: 'a b' }, /^AFFINITY_DOMAIN: /],
  [{ AFFINITY_COOKIE: '__Host-lb' }, /^AFFINITY_COOKIE: .*needs secure/],
  [{ AFFINITY_SECRET: 'short' }, /^AFFINITY_SECRET: shorter than 16/],
  [{ AFFINITY_COOKIE: 'a b' }, /^AFFINITY_COOKIE: /],
  [{ AFFINITY: 'ip' }, /^AFFINITY: "ip" is not one of cookie, route$/],
  [{ ADMIN_HOST: '0.0.0.0' }, /^ADMIN_TOKEN: needed when ADMIN_HOST/],
  [{ TRUST_PROXY: '10.0.0.0/99' }, /^TRUST_PROXY: /],
  [{ HEALTH_PATH: 'readyz' }, /^HEALTH_PATH: /],
  [{ HEALTH_PATH: '//readyz' }, /^HEALTH_PATH: /],
  [{ LOG_LEVEL: 'loud' }, /^LOG_LEVEL: "loud" is not one of trace, /],
  [{ BALANCER_TOKEN: 'a\nb' }, /^BALANCER_TOKEN: /],
  [{ VIA: '균형' }, /^VIA: /],
  [{ HEALTH_FALL: '0' }, /^HEALTH_FALL: /],
  [{ TLS_CERT: '/nowhere.pem' }, /^TLS_KEY: needed with TLS_CERT/],
  [{ TLS_CERT: '/nowhere.pem', TLS_KEY: '/nowhere.key' }, /^TLS_CERT: ENOENT/],
  [{ WORKERS: '0' }, /^WORKERS: /],
  [{ PANIC_THRESHOLD: '2' }, /^PANIC_THRESHOLD: /],
  [{ HASH_ON: 'colour' }, /^HASH_ON: /],
]

test.each(wrong)('%o is refused by the name of the variable', (env, message) => {
  expect(() => readConfig(env)).toThrow(message)
})
