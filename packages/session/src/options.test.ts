import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { createSessions } from './create-sessions.ts'
import { sessionMetrics } from './observe/metrics.ts'
import { DEFAULTS, type SessionsOptions } from './options.ts'
import { BREAKER_DEFAULTS } from './store/circuit-breaker.ts'
import { memoryStore } from './store/memory.ts'
import { redisStore } from './store/redis/redis.ts'

const make = (options: Record<string, unknown> = {}) =>
  createSessions({ store: memoryStore({ sweepEveryMs: 0 }), ...options } as SessionsOptions)
const cookie = (options: Record<string, unknown>) => make({ cookie: options })

describe('createSessions refuses, naming the option, its value and what is allowed:', () => {
  it.each<[Record<string, unknown>, string]>([
    [{ store: undefined }, 'store is undefined, but must be a SessionStore'],
    [
      { idleTimeoutMs: 1500 },
      'idleTimeoutMs is 1500, but must be a whole number of ms, at least 1000, that 1,000 divides',
    ],
    [{ idleTimeoutMs: 0 }, 'idleTimeoutMs is 0'],
    [{ absoluteTimeoutMs: -1000 }, 'absoluteTimeoutMs is -1000'],
    [{ idleTimeoutMs: 1000, touchEveryMs: 2000 }, 'touchEveryMs is 2000, but must be at most idleTimeoutMs (1000)'],
    [{ storeTimeoutMs: 0 }, 'storeTimeoutMs is 0'],
    [{ storeTimeoutMs: 2 ** 31 }, 'storeTimeoutMs is 2147483648'],
    [{ onStoreFailure: 'ignore' }, "onStoreFailure is 'ignore', but must be 'reject' or 'anonymous'"],
    [{ codec: 'json' }, "codec is 'json'"],
    [{ route: 'a.b' }, "route is 'a.b'"],
    [{ maxAttributeBytes: '1MB' }, "maxAttributeBytes is '1MB'"],
    [{ maxSessionsPerUser: 0 }, 'maxSessionsPerUser is 0'],
    [{ header: 'x-auth-token' }, "header is 'x-auth-token', but must be set only along with cookie: false"],
    [{ header: 'bad header', cookie: false }, "header is 'bad header'"],
    [{ cookie: false }, 'cookie is false'],
    [{ breaker: { failures: -1 } }, 'breaker.failures is -1'],
    [{ idleTimeout: 1000 }, 'there is no option idleTimeout; there are store, cookie'],
    [{ cookie: { maxAge: 1 } }, 'there is no option cookie.maxAge; there are cookie.name'],
    [{ breaker: { failure: 1 } }, 'there is no option breaker.failure'],
    [{ now: 5 }, 'now is 5'],
  ])('%o', (options, message) => {
    expect(() => make(options)).toThrow(TypeError)
    expect(() => make(options)).toThrow(message)
  })

  it.each<[Record<string, unknown>, string]>([
    [{ name: 'a b' }, "cookie.name is 'a b'"],
    [{ path: 'shop' }, "cookie.path is 'shop'"],
    [{ path: '/a;b' }, "cookie.path is '/a;b'"],
    [{ domain: 'a b' }, "cookie.domain is 'a b'"],
    [{ sameSite: 'Lax' }, "cookie.sameSite is 'Lax', but must be 'strict', 'lax' or 'none'"],
    [{ secure: 'yes' }, "cookie.secure is 'yes'"],
    [{ sameSite: 'none', secure: false }, "cookie.secure is false, but must be true with sameSite: 'none'"],
    [{ partitioned: true, secure: 'auto' }, "cookie.secure is 'auto', but must be true with partitioned: true"],
    [{ name: '__Host-S', path: '/shop' }, "cookie.path is '/shop', but must be '/' with the name __Host-S"],
    [{ name: '__Host-S', domain: 'example.com' }, "cookie.domain is 'example.com', but must be unset"],
    [{ name: '__Host-S', secure: 'auto' }, "cookie.secure is 'auto', but must be true with the name __Host-S"],
    [{ name: '__host-S', secure: false }, 'cookie.secure is false'],
    [{ name: '__Secure-S', secure: false }, 'cookie.secure is false'],
    [{ secrets: ['short'] }, 'each of cookie.secrets must be a string of at least 32 characters'],
    [{ encoding: 'hex' }, "cookie.encoding is 'hex'"],
  ])('cookie %o', (options, message) => {
    expect(() => cookie(options)).toThrow(message)
  })
})

describe('createSessions accepts', () => {
  it('a __Host- cookie that keeps the rules', () => {
    expect(cookie({ name: '__Host-S', sameSite: 'strict', partitioned: true }).options.cookie?.name).toBe('__Host-S')
  })

  it('nothing but a store', () => {
    const { options } = make()
    expect(options).toMatchObject(DEFAULTS_OF_ALL)
  })
})

const { idleTimeoutMs, absoluteTimeoutMs, ...plain } = DEFAULTS
const DEFAULTS_OF_ALL = {
  ...plain,
  lifetime: { idleTimeoutMs, absoluteTimeoutMs, touchEveryMs: 60_000 },
  breaker: BREAKER_DEFAULTS,
  cookie: { name: 'SESSION', path: '/', secure: true, sameSite: 'lax', partitioned: false, persistent: false },
}

/** Values that are wrong for most options, and for each option those among them that are right. */
const VALUES: readonly unknown[] = [
  null,
  0,
  -1,
  1,
  1.5,
  5,
  1000,
  1500,
  Number.NaN,
  Infinity,
  '',
  'no',
  'false',
  'true',
  '1000',
  'a b',
  '/',
  true,
  false,
  {},
  [],
  ['x'],
  () => 5,
  () => 'x',
  Symbol('s'),
  5n,
  new Date(0),
  new Map(),
]
const whole = (least: number) => (value: unknown) => Number.isSafeInteger(value) && (value as number) >= least
const seconds = (least: number) => (value: unknown) => whole(least)(value) && (value as number) % 1000 === 0
const isBoolean = (value: unknown) => typeof value === 'boolean'
const isObject = (value: unknown) => typeof value === 'object' && value !== null && !Array.isArray(value)
const word = (pattern: RegExp) => (value: unknown) => typeof value === 'string' && pattern.test(value)
const never = () => false
const RIGHT: Record<keyof SessionsOptions, (value: unknown) => boolean> = {
  store: never,
  cookie: isObject,
  header: never, // it needs cookie: false
  idleTimeoutMs: seconds(1000),
  absoluteTimeoutMs: seconds(0),
  touchEveryMs: whole(0),
  rotationGraceMs: whole(0),
  codec: never,
  storeTimeoutMs: whole(1),
  breaker: isObject,
  onStoreFailure: never,
  updateWaitMs: whole(1),
  maxAttributeBytes: whole(1),
  maxSessionBytes: whole(1),
  maxSessionsPerUser: (value) => value === Infinity || whole(1)(value),
  onTooManySessions: never,
  checkMutations: isBoolean,
  route: word(/^\w+$/),
  eventSalt: word(/./),
  openTelemetry: isBoolean,
  now: (value) => typeof value === 'function' && Number.isFinite((value as () => unknown)()),
}
const RIGHT_IN_COOKIE: Record<string, (value: unknown) => boolean> = {
  name: word(/^[\w]+$/),
  path: word(/^\//),
  domain: word(/^\w+$/),
  secure: isBoolean,
  sameSite: never,
  partitioned: isBoolean,
  persistent: isBoolean,
  secrets: (value) => Array.isArray(value) && value.length === 0,
  encoding: never,
}

describe('every option, given a value of another kind, is a TypeError that names it:', () => {
  const judged = (act: () => unknown): unknown => {
    try {
      act()
      return 'accepted'
    } catch (error) {
      return error
    }
  }
  const expectRefused = (options: Record<string, unknown>, name: string, isRight: boolean) => {
    const verdict = judged(() => make(options))
    if (isRight) expect(verdict).toBe('accepted')
    else {
      expect(verdict).toBeInstanceOf(TypeError)
      expect(String(verdict)).toContain(name)
    }
  }

  it.each(Object.entries(RIGHT))('%s', (name, isRight) => {
    for (const value of VALUES) expectRefused({ [name]: value }, name, isRight(value))
    if (name !== 'store') expectRefused({ [name]: undefined }, name, true)
  })

  it.each(Object.entries(RIGHT_IN_COOKIE))('cookie.%s', (name, isRight) => {
    for (const value of VALUES) expectRefused({ cookie: { [name]: value } }, `cookie.${name}`, isRight(value))
    expectRefused({ cookie: { [name]: undefined } }, name, true)
  })

  it.each(['failures', 'coolDownMs'])('breaker.%s', (name) => {
    for (const value of VALUES) expectRefused({ breaker: { [name]: value } }, `breaker.${name}`, whole(0)(value))
    expectRefused({ breaker: { [name]: undefined } }, name, true)
  })

  it('those of memoryStore and sessionMetrics', () => {
    const isFunction = (value: unknown) => typeof value === 'function'
    const store = {
      maxSessions: whole(1),
      maxBytes: whole(1),
      sweepEveryMs: whole(0),
      onEvict: isFunction,
      now: isFunction,
    }
    for (const [name, isRight] of Object.entries(store)) {
      for (const value of VALUES) {
        const verdict = judged(() => memoryStore({ sweepEveryMs: 0, [name]: value })[Symbol.asyncDispose]())
        if (isRight(value)) expect(verdict).toBe('accepted')
        else expect(String(verdict)).toContain(`memoryStore: ${name} is`)
      }
    }
    const sessions = make()
    for (const bad of [{ prefix: 5 }, { prefix: 'a b' }, { buckets: 'x' }, { buckets: [2, 1] }, { labels: { a: 1 } }])
      expect(() => sessionMetrics(sessions, bad as never)).toThrow(`sessionMetrics: ${Object.keys(bad)[0]} is`)
  })
})

describe('the documented defaults', () => {
  it.each([
    ['idleTimeoutMs', DEFAULTS.idleTimeoutMs],
    ['absoluteTimeoutMs', DEFAULTS.absoluteTimeoutMs],
    ['rotationGraceMs', DEFAULTS.rotationGraceMs],
    ['storeTimeoutMs', DEFAULTS.storeTimeoutMs],
    ['updateWaitMs', DEFAULTS.updateWaitMs],
    ['maxAttributeBytes', DEFAULTS.maxAttributeBytes],
    ['maxSessionBytes', DEFAULTS.maxSessionBytes],
    ['onTooManySessions', DEFAULTS.onTooManySessions],
    ['maxSessionsPerUser', DEFAULTS.maxSessionsPerUser],
    ['onStoreFailure', DEFAULTS.onStoreFailure],
    ['breaker.failures', BREAKER_DEFAULTS.failures],
    ['breaker.coolDownMs', BREAKER_DEFAULTS.coolDownMs],
    ['touchEveryMs', 60_000],
  ])('of %s is the one in the code', (name, value) => {
    const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')
    const row = readme.split('\n').find((line) => line.startsWith(`| \`${name}\` `)) ?? ''
    const documented = row
      .split('|')[2]
      ?.trim()
      .replaceAll(/[`,_']/g, '')
      .split(' ')[0]
    expect(documented).toBe(String(value))
  })
})

it('is told by every factory when its options are no object, or one of them is misspelt', () => {
  expect(() => createSessions(undefined as never)).toThrow('createSessions: the options are undefined')
  expect(() => redisStore(undefined as never)).toThrow('redisStore: the options are undefined')
  expect(() => redisStore({ client: {}, prefix: 'x' } as never)).toThrow('redisStore: there is no option prefix')
  expect(() => memoryStore({ max: 1 } as never)).toThrow('memoryStore: there is no option max; there are maxSessions')
})
