import { describe, expect, it } from 'vitest'
import { withoutLogin } from './api-inspect.ts'
import { showCookie } from './inspect-cookie.ts'
import { decodeField, printable } from './inspect-redis.ts'

describe('showCookie', () => {
  const cookie = { name: 'JSESSIONID', value: 'aGVsbG8td29ybGQtMTIz', attributes: ['HttpOnly'] }

  it('tells nothing of a value that nobody asked to see', () => {
    const shown = JSON.stringify(showCookie(cookie, 'JSESSIONID', false))
    expect(shown).not.toContain(cookie.value)
    expect(shown).not.toContain('hello-world')
    expect(shown).toContain('…Iz')
  })

  it('decodes standard Base64, as Spring writes its cookie, and calls anything else random', () => {
    expect(showCookie(cookie, 'JSESSIONID', true).parts[0]).toEqual({ key: 'base64', value: 'hello-world-123' })
    expect(showCookie({ ...cookie, value: 'x_-y' }, 'JSESSIONID', true).parts[0]).toEqual({
      key: 'random',
      value: 'x_-y',
    })
  })

  it('knows the balancer’s cookie by its not being the session’s', () => {
    expect(showCookie({ ...cookie, name: 'AFFINITY' }, 'JSESSIONID', false)).toMatchObject({
      kind: 'affinity',
      parts: [{ key: 'signature' }],
    })
  })
})

describe('a field of a session’s hash', () => {
  it('is printed as redis-cli prints it', () => {
    expect(printable(Buffer.from([0x22, 0x61, 0x00, 0xff, 0x5c]))).toBe('\\"a\\x00\\xff\\\\')
  })

  it('is decoded where it means something', () => {
    expect(decodeField('creationTime', Buffer.from('1754400000123'))).toBe('2025-08-05 13:20:00 UTC')
    expect(decodeField('maxInactiveInterval', Buffer.from('1800'))).toBe('1800 s')
    expect(decodeField('sessionAttr:q', Buffer.from('"password"'))).toBe('"password"')
    expect(decodeField('sessionAttr:q', Buffer.from([0xff, 0x0f]))).toBeUndefined()
    expect(decodeField('creationTime', Buffer.from('soon'))).toBeUndefined()
  })
})

describe('a Redis address', () => {
  it('is shown without its login', () => {
    expect(withoutLogin('redis://user:secret@redis:6379/0')).toBe('redis://redis:6379/0')
    expect(withoutLogin('redis://127.0.0.1:6379')).toBe('redis://127.0.0.1:6379')
  })
})
