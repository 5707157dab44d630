import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Mode } from '@session-cluster/contract'
import { expect, it } from 'vitest'
import { type Console, startConsole } from '../server/console.ts'

/** Each start has its own odd value of every variable that reaches the processes; what excludes another one is in the other start. */
const common = {
  LOG_LEVEL: 'error',
  DRAIN_MS: '650',
  GRACE_MS: '120',
  REDIS_START_TIMEOUT_MS: '21000',
  MAX_CONNECTIONS: '900',
  SESSION_IDLE_TIMEOUT_MS: '601000',
  SESSION_ABSOLUTE_TIMEOUT_MS: '1202000',
  SESSION_TOUCH_EVERY_MS: '7003',
  SESSION_STORE_TIMEOUT_MS: '2504',
  SESSION_COOKIE_SECURE: 'true',
  SESSION_COOKIE_SAME_SITE: 'none',
  SESSION_COOKIE_PATH: '/shop',
  SESSION_COOKIE_DOMAIN: 'shop.example',
  SESSION_COOKIE_PARTITIONED: 'true',
  DISCOVERY_MIN_MS: '1100',
  DISCOVERY_MAX_MS: '11000',
  DISCOVERY_DRAIN_MS: '9000',
  DISCOVERY_DNS: '127.0.0.1:1',
  WORKER_SILENCE_MS: '25000',
  AFFINITY_SECRET: 'an odd secret of more than 16 characters',
  TRUST_PROXY: '127.0.0.0/8',
  VIA: 'odd',
  PASSIVE_FAILURES: '7',
  PASSIVE_EJECT_MS: '900',
  SLOW_START_MS: '11',
  PANIC_THRESHOLD: '0.3',
  MAX_IN_FLIGHT: '40',
  QUEUE_LIMIT: '33',
  QUEUE_TIMEOUT_MS: '3000',
  RETRIES: '1',
  CONNECT_TIMEOUT_MS: '1500',
  HEADERS_TIMEOUT_MS: '8000',
  IDLE_TIMEOUT_MS: '50000',
  HEALTH_PATH: '/livez',
  HEALTH_INTERVAL_MS: '260',
  HEALTH_TIMEOUT_MS: '1300',
  HEALTH_RISE: '1',
  HEALTH_FALL: '3',
  HEALTH_HOST: 'shop.example',
  HEALTH_HEADERS: 'x-odd: yes',
  HEALTH_STATUS: '200-204',
  HEALTH_BODY: 'ok',
  RETRY_METHODS: 'idempotent',
  RETRY_STATUSES: '502,504',
  UPSTREAM_HOST: 'shop.example',
  UPSTREAM_SERVER_NAME: 'odd.example',
  UPSTREAM_MAX_CONNECTION_AGE_MS: '31000',
  UPSTREAM_MAX_HEADER_BYTES: '20000',
  ACCESS_LOG: 'on',
}
const ours = {
  ...common,
  SESSION_NAMESPACE: 'shop',
  SESSION_COOKIE_NAME: 'FOO',
  SESSION_CODEC: 'v8',
  SESSION_IDS: 'hashed',
  SESSION_ROUTE: 'auto',
  SESSION_COOKIE_ENCODING: 'plain',
  SESSION_CACHE_MAX_AGE_MS: '9000',
  SESSION_CACHE_LEASE_MS: '900',
  SESSION_CACHE_MAX_BYTES: '1000000',
  SESSION_CACHE_STRICT: 'false',
  POLICY: 'consistent-hash',
  HASH_ON: 'cookie:FOO',
  LOAD_FACTOR: '2',
  ENGINE: 'http-proxy',
  AFFINITY: 'cookie',
  AFFINITY_COOKIE: 'BAR',
  AFFINITY_PATH: '/shop',
  AFFINITY_DOMAIN: 'shop.example',
  AFFINITY_MAX_AGE_MS: '3600000',
  AFFINITY_SECURE: 'true',
  AFFINITY_SAME_SITE: 'none',
  AFFINITY_PARTITIONED: 'true',
  AFFINITY_UNAVAILABLE: 'strict',
}
const springs = {
  ...common,
  SESSION_COOKIE_NAME: 'BAZ',
  SESSION_IDS: 'spring',
  SESSION_CODEC: 'spring-json',
  SESSION_COOKIE_ENCODING: 'base64',
  POLICY: 'random',
  ENGINE: 'direct',
  WORKERS: '2',
}
const routed = {
  SESSION_COOKIE_NAME: 'QUX',
  SESSION_ROUTE: 'auto',
  AFFINITY: 'route',
  AFFINITY_COOKIE: 'QUX',
  TLS_CERT: '',
  TLS_KEY: '',
  UPSTREAM_CA: '',
  UPSTREAM_CERT: '',
  UPSTREAM_KEY: '',
}

/** Whoever starts the processes gives these out; the console's own are in its own configuration. */
const elsewhere = [
  'MODE',
  'ADMIN_TOKEN',
  'BALANCER_TOKEN',
  'PORT',
  'HOST',
  'NODE_NAME',
  'ADMIN_PORT',
  'ADMIN_HOST',
  'NEIGHBOURS',
  'REDIS_URL',
  'REDIS_CA',
  'REDIS_CERT',
  'REDIS_KEY',
  'REDIS_NAT_MAP',
  'REDIS_SENTINEL_PASSWORD',
  'REDIS_SENTINEL_USERNAME',
  'BALANCER_PORT',
  'UPSTREAMS',
  'UPSTREAMS_FILE',
  'CONSOLE_PORT',
  'CONSOLE_HOSTS',
  'LANES',
  'NODE_A_PORT',
  'NODE_B_PORT',
  'NODE_C_PORT',
  'NODE_S_PORT',
  ...['STICKY', 'CLUSTERED'].flatMap((lane) => ['A', 'B', 'C', 'BALANCER'].map((what) => `${lane}_${what}_PORT`)),
  'REDIS_IMAGE',
  'SPRING_UPSTREAM',
  'CLUSTERED_BALANCER_PORT',
  'CLUSTERED_C_PORT',
  'CLUSTERED_B_PORT',
  'CLUSTERED_A_PORT',
  'STICKY_BALANCER_PORT',
  'STICKY_C_PORT',
  'STICKY_B_PORT',
  'STICKY_A_PORT',
  // One port for the probes of all servers; here each has a port of its own.
  'HEALTH_PORT',
]

async function open(modes: readonly Mode[], env: Readonly<Record<string, string>>): Promise<Console> {
  const config = { host: '127.0.0.1', port: 0, allowedHosts: [], attached: [] }
  const ports = { nodes: 0, balancer: 0, balancerAdmin: 0 }
  const failures: string[] = []
  const console = await startConsole(
    { ...config, modes, ports },
    { running: false, env, onFailure: (mode, error) => failures.push(`${mode}: ${error.message}`) },
  )
  await console.stage.ready
  expect(failures).toEqual([])
  return console
}

/** Everybody opens the page twice through the balancer, and must be seen as who they are. */
async function seesEverybody({ stage }: Console, mode: Mode, cookieName: string) {
  const lane = stage.lane(mode)
  for (let turn = 0; turn < 2; turn++)
    for (const name of stage.traffic.names) await stage.traffic.everywhere(name, 'open', {}, [mode])
  const view = lane.view()
  expect(view.cookieName).toBe(cookieName)
  expect(view.totals).toMatchObject({ fresh: 9, found: 18, none: 0, miss: 0, lost: 0, unreadable: 0, error: 0 })
  expect(stage.traffic.views().map(({ lanes }) => lanes[mode])).toEqual(
    Array.from({ length: 9 }, () => expect.objectContaining({ cookie: true, session: 'kept' })),
  )
  const { why } = stage.history().records.findLast((record) => record.lane === mode) ?? {}
  expect(why?.[0]).toMatchObject({ key: 'cookie.sent', values: { name: cookieName } })
  if (mode !== 'hybrid') expect(why?.at(-1)?.key).toBe(mode === 'clustered' ? 'redis.found' : 'memory.found')
  return view
}

it('knows every variable of .env.example', () => {
  const text = readFileSync(new URL('../../../.env.example', import.meta.url), 'utf8')
  const all = [...text.matchAll(/^([A-Z_]+)=/gm)].map(([, name]) => name)
  const tried = Object.keys({ ...ours, ...springs, ...routed })
  expect([...new Set([...tried, ...elsewhere])].toSorted()).toEqual(all.toSorted())
})

it('sees everybody whatever the servers and the balancer were told', async () => {
  await using console = await open(['sticky', 'clustered'], ours)
  const sticky = await seesEverybody(console, 'sticky', 'FOO')
  expect(sticky).toMatchObject({ policy: 'consistent-hash' })
  expect(console.stage.traffic.views().every(({ lanes }) => lanes.sticky?.pinned === lanes.sticky?.home)).toBe(true)
  const clustered = await seesEverybody(console, 'clustered', 'FOO')
  expect(clustered.codec).toBe('v8')
  expect(console.stage.traffic.views().some(({ lanes }) => lanes.clustered?.pinned)).toBe(false)
  await expect.poll(() => console.stage.lane('clustered').view().redis?.sessions, { timeout: 20_000 }).toBe(9)
  const answer = await fetch(`${console.url}api/inspect/redis`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: new URL(console.url).origin },
    body: JSON.stringify({ lane: 'clustered', user: 'Alice' }),
  })
  const shown = (await answer.json()) as {
    cookie: string
    key: string
    hash: { endsInMs: number; fields: { name: string; decoded?: string }[] }
  }
  expect(shown).toMatchObject({ cookie: expect.stringMatching(/^FOO=/) })
  expect(shown.key).toMatch(/^shop:sessions:/)
  expect(shown.hash.endsInMs).toBeLessThanOrEqual(601_000)
  expect(shown.hash.fields.find(({ name }) => name === 'sessionAttr:q')?.decoded).toMatch(/^'password-\w{6}'$/)
}, 120_000)

it('sees everybody where servers answer from memory what lies in Redis', async () => {
  await using console = await open(['hybrid'], ours)
  const hybrid = await seesEverybody(console, 'hybrid', 'FOO')
  expect(hybrid).toMatchObject({ policy: 'consistent-hash', codec: 'v8' })
  const last = () => console.stage.history().records.findLast(({ lane }) => lane === 'hybrid')
  await expect
    .poll(async () => {
      await console.stage.traffic.everywhere('Alice', 'open', {}, ['hybrid'])
      return last()?.session
    })
    .toMatchObject({ outcome: 'found', fromMemory: true, storeRoundTrips: 0 })
  expect(last()?.why?.at(-1)?.key).toBe('memory.found')
}, 120_000)

it('sees everybody where the sessions are shared with Spring', async () => {
  await using console = await open(['clustered'], springs)
  const view = await seesEverybody(console, 'clustered', 'BAZ')
  expect(view).toMatchObject({ codec: 'spring-json', policy: 'random' })
  await expect.poll(() => console.stage.lane('clustered').view().redis?.sessions, { timeout: 20_000 }).toBe(9)
}, 120_000)

it('sees everybody where the cookie names the server, over HTTPS', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'console-tls-'))
  try {
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
    const kind = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2']
    execFileSync('openssl', ['req', ...kind, '-subj', '/CN=odd.example', '-keyout', key, '-out', cert], {
      stdio: 'ignore',
    })
    const files = { TLS_CERT: cert, TLS_KEY: key, UPSTREAM_CA: cert, UPSTREAM_CERT: cert, UPSTREAM_KEY: key }
    await using console = await open(['sticky'], { ...routed, ...files })
    expect(console.stage.lane('sticky').view().url).toMatch(/^https:/)
    await seesEverybody(console, 'sticky', 'QUX')
  } finally {
    rmSync(folder, { recursive: true })
  }
}, 120_000)
