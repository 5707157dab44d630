import { expect, test } from 'vitest'
import { fakePool } from '../../test/support/pool.ts'
import { type CookieAffinityOptions, cookieAffinity } from './cookie.ts'

const secret = 'a secret of the tests only'

function attributes(options: Partial<CookieAffinityOptions>, isSecure: boolean): string {
  const [a] = fakePool(['a']).pool.all
  return a ? (cookieAffinity({ secret, ...options }).cookieFor(a, isSecure) ?? '').replace(/^[^;]*; /, '') : ''
}

test.each<[Partial<CookieAffinityOptions>, string, string]>([
  [{}, 'Path=/; HttpOnly; SameSite=Lax', 'Path=/; HttpOnly; Secure; SameSite=None'],
  [{ sameSite: 'strict' }, 'Path=/; HttpOnly; SameSite=Strict', 'Path=/; HttpOnly; Secure; SameSite=Strict'],
  [{ secure: false }, 'Path=/; HttpOnly; SameSite=Lax', 'Path=/; HttpOnly; SameSite=Lax'],
  [
    { secure: true, sameSite: 'lax' },
    'Path=/; HttpOnly; Secure; SameSite=Lax',
    'Path=/; HttpOnly; Secure; SameSite=Lax',
  ],
  [
    { secure: true, partitioned: true, maxAgeMs: 90_500, domain: 'example.com', path: '/app' },
    'Path=/app; Domain=example.com; Max-Age=90; HttpOnly; Secure; SameSite=None; Partitioned',
    'Path=/app; Domain=example.com; Max-Age=90; HttpOnly; Secure; SameSite=None; Partitioned',
  ],
])('with %o the cookie has the attributes that were asked for', (options, overHttp, overHttps) => {
  expect(attributes(options, false)).toBe(overHttp)
  expect(attributes(options, true)).toBe(overHttps)
})

test.each<[Partial<CookieAffinityOptions>, string]>([
  [{ path: 'app' }, 'affinity path: "app" does not begin with /'],
  [{ path: '/a;b' }, 'affinity path: '],
  [{ path: '/a\r\nb' }, 'affinity path: '],
  [{ domain: 'a b' }, 'affinity domain: "a b" is not a host name'],
  [{ domain: 'a.example; Secure' }, 'affinity domain: '],
  [{ sameSite: 'None' as 'none' }, 'affinity sameSite: "None" is not lax, strict or none'],
  [{ sameSite: 'none' }, 'affinity sameSite: "none" needs secure: true'],
  [{ partitioned: true }, 'affinity partitioned: true needs secure: true'],
  [{ name: '__Secure-lb' }, 'affinity name: "__Secure-lb" needs secure: true'],
  [{ name: '__Host-lb', secure: true, path: '/app' }, 'affinity name: "__Host-lb" needs path \'/\' and no domain'],
  [{ name: '__host-lb', secure: true, domain: 'x.example' }, 'affinity name: '],
])('%o is refused, since browsers would drop the cookie or read another', (options, message) => {
  expect(() => cookieAffinity({ secret, ...options })).toThrow(message)
})
