import { expect, test } from 'vitest'
import { CookieJar } from './cookie-jar.ts'

test('it sends back what it was given, the newest of each name', () => {
  const jar = new CookieJar()
  expect(jar.header).toBeUndefined()
  jar.store(['SESSION=one; Path=/; HttpOnly', 'lb=x'])
  jar.store(['SESSION=two=; SameSite=Lax'])
  expect(jar.header).toBe('SESSION=two=; lb=x')
})

test.each([
  'a=; Max-Age=0',
  'a=; Max-Age=-1; Expires=Fri, 01 Jan 2100 00:00:00 GMT',
  'a=; Expires=Thu, 01 Jan 1970 00:00:00 GMT',
])('%s deletes the cookie', (line) => {
  const jar = new CookieJar()
  jar.set('a', '1')
  jar.store([line])
  expect(jar.names).toEqual([])
})

test('a cookie ends when its Max-Age is over', () => {
  let now = 0
  const jar = new CookieJar(() => now)
  jar.store(['a=1; Max-Age=10'])
  now = 9_999
  expect(jar.get('a')).toBe('1')
  now = 10_000
  expect(jar.get('a')).toBeUndefined()
})

test('a clone goes its own way', () => {
  const jar = new CookieJar()
  jar.set('a', '1')
  const copy = jar.clone()
  copy.set('a', '2')
  expect([jar.get('a'), copy.get('a')]).toEqual(['1', '2'])
})

test('a line without a name is ignored', () => {
  const jar = new CookieJar()
  jar.store(['', '=x', 'novalue'])
  expect(jar.names).toEqual([])
})

test('it keeps the flags that a cookie came with', () => {
  const jar = new CookieJar()
  jar.store(['JSESSIONID=abc; Path=/; HttpOnly'])
  expect(jar.all).toEqual([
    { name: 'JSESSIONID', value: 'abc', attributes: ['Path=/', 'HttpOnly'], expiresAt: undefined },
  ])
})

test('Max-Age wins over Expires', () => {
  const jar = new CookieJar(() => 0)
  jar.store(['a=1; Max-Age=10; Expires=Thu, 01 Jan 1970 00:00:00 GMT'])
  expect(jar.get('a')).toBe('1')
})
