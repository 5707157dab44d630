import { ConfigError, type Environment } from '@session-cluster/contract'
import { describe, expect, it } from 'vitest'
import { readConfig } from './config.ts'

const refusal = (env: Environment): string => {
  try {
    readConfig(env)
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError)
    return (error as Error).message
  }
  throw new Error('accepted')
}

const SPRING = { MODE: 'clustered', REDIS_URL: 'redis://127.0.0.1', SESSION_IDS: 'spring' }

describe('readConfig', () => {
  it('starts node a on 8080 in local mode when nothing is set', () => {
    expect(readConfig({})).toMatchObject({
      mode: 'local',
      nodeName: 'a',
      host: '127.0.0.1',
      port: 8080,
      adminHost: '127.0.0.1',
      adminPort: 9080,
      drainMs: 3000,
      session: {
        idleTimeoutMs: 1_800_000,
        codec: 'json',
        cookie: { name: 'JSESSIONID', secure: false, sameSite: 'lax', path: '/' },
      },
    })
  })

  it.each([
    ['local', 'local', 'JSESSIONID'],
    ['sticky', 'sticky', 'JSESSIONID'],
    ['clustered', 'clustered', 'SESSION'],
    ['redis', 'clustered', 'SESSION'],
  ])('reads MODE=%s as %s with the cookie %s', (MODE, mode, cookie) => {
    const config = readConfig({ MODE, REDIS_URL: 'redis://127.0.0.1' })
    expect([config.mode, config.session.cookie.name]).toEqual([mode, cookie])
  })

  it('takes all of Spring Session’s ways with SESSION_IDS=spring alone', () => {
    expect(readConfig(SPRING).session).toMatchObject({
      ids: 'spring',
      namespace: 'spring:session',
      codec: 'spring-json',
      cookie: { name: 'SESSION', encoding: 'base64' },
    })
    const plain = readConfig({ ...SPRING, SESSION_COOKIE_ENCODING: 'plain', SESSION_ROUTE: 'auto', NODE_NAME: 'b' })
    expect([plain.session.cookie.encoding, plain.session.route]).toEqual(['plain', 'b'])
  })

  it('treats an empty variable as unset', () => {
    expect(readConfig({ MODE: '', PORT: ' ', SESSION_CODEC: '', ADMIN_TOKEN: '' })).toEqual(readConfig({}))
  })

  it.each(['cluster', 'LOCAL', 'hybird', '__proto__'])('refuses MODE=%s with the list of modes', (MODE) => {
    expect(refusal({ MODE })).toBe(
      `MODE: ${JSON.stringify(MODE)} is not one of local, sticky, clustered, hybrid, redis`,
    )
  })

  it.each(['http', '-1', '65536', '80.5', '0x50', '1e3'])('refuses PORT=%s', (PORT) => {
    expect(refusal({ PORT })).toBe(`PORT: ${JSON.stringify(PORT)} is not a whole number from 0 to 65535`)
  })

  it('takes any free admin port when PORT is 0', () => {
    expect(readConfig({ PORT: '0' })).toMatchObject({ port: 0, adminPort: 0 })
  })

  it.each([
    [{ PORT: '65000' }, /^ADMIN_PORT: PORT \+ 1000 is 66000/],
    [{ PORT: '9000', ADMIN_PORT: '9000' }, /^ADMIN_PORT: 9000 is PORT too/],
    [{ NODE_NAME: 'a b' }, /^NODE_NAME: "a b" is not allowed; use 1 to 253/],
    [{ HOST: 'http://x' }, /^HOST: /],
    [{ ADMIN_HOST: '0.0.0.0' }, /^ADMIN_TOKEN: must be set when ADMIN_HOST \(0\.0\.0\.0\)/],
    [{ MODE: 'clustered' }, /^REDIS_URL: must be set when MODE is clustered/],
    [{ MODE: 'redis', REDIS_URL: 'http://x' }, /^REDIS_URL: "http:\/\/x" is not understood; use redis:/],
    [{ DRAIN_MS: '-5' }, /^DRAIN_MS: /],
    [{ NEIGHBOURS: 'a=8080,b' }, /^NEIGHBOURS: "b" is not understood; use name=port/],
    [{ NEIGHBOURS: 'a=70000' }, /^NEIGHBOURS: "a=70000" /],
    [{ LOG_LEVEL: 'loud' }, /^LOG_LEVEL: .*not one of trace, /],
    [{ SESSION_IDLE_TIMEOUT_MS: '1500' }, /^SESSION_IDLE_TIMEOUT_MS: "1500" .*from 1000 to \d+, a multiple of 1000$/],
    [
      { SESSION_ABSOLUTE_TIMEOUT_MS: '1000' },
      /^SESSION_ABSOLUTE_TIMEOUT_MS: 1000 is shorter than SESSION_IDLE_TIMEOUT_MS/,
    ],
    [{ SESSION_CODEC: 'java' }, /^SESSION_CODEC: "java" is not one of json, spring-json, typed-json, v8, registry$/],
    [{ SESSION_IDS: 'uuid' }, /^SESSION_IDS: "uuid" is not one of hashed, spring$/],
    [{ SESSION_IDS: 'spring' }, /^SESSION_IDS: spring needs MODE=clustered, but MODE is local$/],
    [{ ...SPRING, SESSION_CODEC: 'json' }, /^SESSION_CODEC: json is not what Spring reads; use spring-json/],
    [{ ...SPRING, SESSION_ROUTE: 'a' }, /^SESSION_ROUTE: a cannot be seen: .*SESSION_COOKIE_ENCODING=plain$/],
    [{ SESSION_ROUTE: 'a.b' }, /^SESSION_ROUTE: "a.b" is not allowed; use 1 to 64/],
    [{ SESSION_COOKIE_ENCODING: 'hex' }, /^SESSION_COOKIE_ENCODING: "hex" is not one of plain, base64$/],
    [{ SESSION_NAMESPACE: '{x}' }, /^SESSION_NAMESPACE: /],
    [{ SESSION_COOKIE_NAME: 'a;b' }, /^SESSION_COOKIE_NAME: /],
    [{ SESSION_COOKIE_SECURE: 'yes' }, /^SESSION_COOKIE_SECURE: "yes" is not one of true, false/],
    [{ SESSION_COOKIE_SAME_SITE: 'Lax' }, /^SESSION_COOKIE_SAME_SITE: .*lax, strict, none$/],
    [{ SESSION_COOKIE_PATH: '/a;b' }, /^SESSION_COOKIE_PATH: /],
    [{ SESSION_COOKIE_SAMESITE: 'lax' }, /^SESSION_COOKIE_SAMESITE: no such option .*SESSION_COOKIE_SAME_SITE/],
    [{ SESSION_IDLE_TIMEOUT: '30' }, /^SESSION_IDLE_TIMEOUT: no such option/],
  ])('refuses %j in one line that names the variable', (env, message) => {
    const line = refusal(env)
    expect(line).toMatch(message)
    expect(line).not.toMatch(/[\r\n]/)
  })

  it.each(['ADMIN_TOKEN', 'BALANCER_TOKEN'])('refuses a short %s without showing it', (name) => {
    expect(refusal({ [name]: 'hunter2' })).toBe(
      `${name}: must have at least 8 characters, visible ASCII without spaces`,
    )
  })

  it('leaves alone the variables of others that begin with SESSION_', () => {
    expect(readConfig({ SESSION_MANAGER: 'local/host:@/tmp/.ICE-unix/1' })).toEqual(readConfig({}))
  })

  it('keeps the value of a variable on one line', () => {
    expect(refusal({ MODE: 'a\r\nb' })).not.toMatch(/[\r\n]/)
  })
})

it('takes a pod’s name, and is not misled by what Kubernetes adds for each Service', () => {
  const NODE_NAME = 'session-cluster-server-7d9f8b6c5d-x2x4z.web.example'
  const links = {
    ADMIN_PORT: 'tcp://10.96.1.2:9080',
    SESSION_STORE_SERVICE_HOST: '10.96.1.3',
    SESSION_STORE_PORT_6379_TCP: 'tcp://10.96.1.3:6379',
  }
  expect(readConfig({ NODE_NAME, ...links })).toEqual(readConfig({ NODE_NAME }))
})
