import { describe, expect, it } from 'vitest'
import { jar, parseSetCookie } from './jar.ts'

const now = 1_000_000

describe('a jar', () => {
  it('sends back what it was given, in the order it came', () => {
    const cookies = jar()
    cookies.take(['JSESSIONID=abc; Path=/; HttpOnly', 'lb=xyz; SameSite=Lax'], now)
    expect(cookies.header(now)).toBe('JSESSIONID=abc; lb=xyz')
    expect(cookies.get('JSESSIONID')?.attributes).toEqual(['Path=/', 'HttpOnly'])
  })

  it('replaces a cookie of the same name', () => {
    const cookies = jar()
    cookies.take(['a=1'], now)
    cookies.take(['a=2'], now)
    expect(cookies.header(now)).toBe('a=2')
  })

  it('throws out a cookie that the server ended, by Max-Age or by Expires', () => {
    const cookies = jar()
    cookies.take(['a=1', 'b=1'], now)
    cookies.take(['a=; Max-Age=0', 'b=; Expires=Thu, 01 Jan 1970 00:00:00 GMT'], now)
    expect(cookies.header(now)).toBeUndefined()
  })

  it('stops sending a cookie once its time is over', () => {
    const cookies = jar()
    cookies.take(['a=1; Max-Age=10; Expires=Thu, 01 Jan 1970 00:00:00 GMT'], now)
    expect(cookies.header(now + 9_999)).toBe('a=1')
    expect(cookies.header(now + 10_000)).toBeUndefined()
  })

  it('keeps a forged cookie until it is deleted', () => {
    const cookies = jar()
    cookies.put({ name: 'a', value: 'forged', attributes: [] })
    expect(cookies.header(now)).toBe('a=forged')
    expect(cookies.delete('a')).toBe(true)
    expect(cookies.all()).toEqual([])
  })

  it('keeps an equals sign in the value and ignores a line without a name', () => {
    expect(parseSetCookie('a=b==; Path=/', now)?.value).toBe('b==')
    expect(parseSetCookie('=b', now)).toBeUndefined()
  })
})
