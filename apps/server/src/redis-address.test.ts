import { describe, expect, it } from 'vitest'
import { parseRedisAddress, showRedisAddress } from './redis-address.ts'
import { redisCliLine } from './redis-cli.ts'

describe('parseRedisAddress', () => {
  it.each([
    ['redis://localhost', { kind: 'single', tls: false, endpoints: [{ host: 'localhost', port: 6379 }], db: 0 }],
    [
      'redis://:p%40ss@h:1/2',
      { kind: 'single', tls: false, endpoints: [{ host: 'h', port: 1 }], password: 'p@ss', db: 2 },
    ],
    [
      'rediss://u:p@[::1]:7',
      { kind: 'single', tls: true, endpoints: [{ host: '::1', port: 7 }], username: 'u', password: 'p', db: 0 },
    ],
    [
      'redis+sentinel://h1:1,h2/mymaster/3',
      {
        kind: 'sentinel',
        tls: false,
        endpoints: [
          { host: 'h1', port: 1 },
          { host: 'h2', port: 26379 },
        ],
        primary: 'mymaster',
        db: 3,
      },
    ],
    [
      'rediss+cluster://h1:1,h2:2',
      {
        kind: 'cluster',
        tls: true,
        endpoints: [
          { host: 'h1', port: 1 },
          { host: 'h2', port: 2 },
        ],
        db: 0,
      },
    ],
  ])('reads %s', (url, address) => {
    expect(parseRedisAddress(url)).toEqual(address)
  })

  it.each([
    ['localhost:6379', /not understood; use redis:\/\//],
    ['redis://', /not understood/],
    ['redis://h:0', /port from 1 to 65535/],
    ['redis://h:99999', /port from 1 to 65535/],
    ['redis://h1,h2', /several hosts need/],
    ['redis+sentinel://h1:1', /needs the name of the primary/],
    ['redis+cluster://h1:1/2', /takes no database/],
    ['redis://h/x', /not a database number/],
    ['redis://user@h', /user:password/],
    ['redis://:%zz@h', /percent-encoded/],
    ['redis://h?a=b', /not understood/],
  ])('refuses %s', (url, message) => {
    expect(() => parseRedisAddress(url)).toThrow(message)
  })

  it.each(['redis://u:s3cret@h:x', 'http://u:s3cret@h', 'redis://u:s3cret@h1,h2'])(
    'never shows the password of %s',
    (url) => {
      expect(() => parseRedisAddress(url)).toThrow(expect.not.stringContaining('s3cret'))
    },
  )
})

describe('showRedisAddress', () => {
  it.each(['redis://h:1', 'rediss://[::1]:7/2', 'redis+sentinel://h1:1,h2:2/m', 'redis+cluster://h1:1,h2:2'])(
    'shows %s as it was given',
    (url) => {
      expect(showRedisAddress(parseRedisAddress(url))).toBe(url)
    },
  )

  it('leaves out user and password', () => {
    expect(showRedisAddress(parseRedisAddress('redis://u:s3cret@h:1/2'))).toBe('redis://h:1/2')
  })
})

describe('redisCliLine', () => {
  it.each([
    ['redis://h:1', 'redis-cli -h h -p 1 HGETALL ns:sessions:k'],
    ['redis://u:p@h:1/2', 'redis-cli -h h -p 1 --user u --askpass -n 2 HGETALL ns:sessions:k'],
    ['rediss://h:1', 'redis-cli -h h -p 1 --tls HGETALL ns:sessions:k'],
    ['redis+cluster://h:1,i:2', 'redis-cli -c -h h -p 1 HGETALL ns:sessions:k'],
    [
      'redis+sentinel://h:1/m',
      'redis-cli -u redis://$(redis-cli -h h -p 1 SENTINEL get-master-addr-by-name m | paste -sd:)/0 HGETALL ns:sessions:k',
    ],
  ])('for %s is %s', (url, line) => {
    expect(redisCliLine(parseRedisAddress(url), 'ns:sessions:k')).toBe(line)
  })

  it('quotes a key that a shell would take apart', () => {
    expect(redisCliLine(parseRedisAddress('redis://h:1'), "a'b c")).toBe(`redis-cli -h h -p 1 HGETALL 'a'\\''b c'`)
  })
})
