import { ConfigError } from '@session-cluster/contract'
import { describe, expect, it } from 'vitest'
import { readConfig } from './config.ts'

const lane = 'mode=sticky,balancer=http://balancer:8000,admin=http://balancer:8001,a=http://a:9080,b=http://b:9080'

describe('readConfig', () => {
  it('starts three lanes on loopback by default, one when a mode is named', () => {
    expect(readConfig({})).toMatchObject({
      host: '127.0.0.1',
      port: 3000,
      modes: ['local', 'sticky', 'clustered'],
      attached: [],
    })
    expect(readConfig({ MODE: 'redis' }).modes).toEqual(['clustered'])
  })

  it('reads lanes to attach to', () => {
    const [first, second] = readConfig({
      LANES: `${lane}; mode=redis,balancer=http://x:1,admin=http://x:2,redis=redis://r:6379,c=http://c:3,public=http://localhost:8000`,
    }).attached
    expect(first).toEqual({
      mode: 'sticky',
      balancer: 'http://balancer:8000',
      admin: 'http://balancer:8001',
      nodes: { a: 'http://a:9080', b: 'http://b:9080' },
    })
    expect(second).toMatchObject({
      mode: 'clustered',
      redis: 'redis://r:6379',
      public: 'http://localhost:8000',
      nodes: { c: 'http://c:3' },
    })
  })

  it.each<[Record<string, string>, RegExp]>([
    [{ MODE: 'ring' }, /^MODE: "ring" is not one of local, sticky, clustered, hybrid, redis$/],
    [{ CONSOLE_PORT: '99999' }, /^CONSOLE_PORT: "99999" is not a whole number from 0 to 65535$/],
    [{ CONSOLE_PORT: '1e3' }, /^CONSOLE_PORT/],
    [{ HOST: '0.0.0.0' }, /^HOST: 0\.0\.0\.0 is not the loopback address/],
    [{ LANES: `${lane};${lane}` }, /^LANES: there are two lanes of mode sticky/],
    [{ LANES: 'mode=ring' }, /^LANES: a lane's mode is "ring"/],
    [
      { LANES: 'mode=local,balancer=nowhere,admin=http://b:1,a=http://a:1' },
      /^LANES: balancer of the local lane is "nowhere"/,
    ],
    [{ LANES: 'mode=local,balancer=http://b:1,admin=http://b:1' }, /^LANES: the local lane names no node/],
    [{ LANES: 'stiky' }, /^LANES: "stiky" is not name=value/],
  ])('refuses %j with a line that names the variable', (env, message) => {
    expect(() => readConfig(env)).toThrow(ConfigError)
    expect(() => readConfig(env)).toThrow(message)
  })

  it('listens elsewhere only where it can start and stop nothing by itself', () => {
    expect(readConfig({ HOST: '0.0.0.0', LANES: lane }).host).toBe('0.0.0.0')
  })
})
