import { describe, expect, it } from 'vitest'
import { type CallHeaders, refusal } from './guard.ts'

const own: CallHeaders = {
  method: 'POST',
  host: 'localhost:3000',
  origin: 'http://localhost:3000',
  'content-type': 'application/json',
}

describe('refusal', () => {
  it('lets the own page through', () => {
    expect(refusal(own)).toBeUndefined()
    expect(
      refusal({ ...own, 'sec-fetch-site': 'same-origin', 'content-type': 'application/json; charset=utf-8' }),
    ).toBeUndefined()
    expect(refusal({ ...own, host: '[::1]:3000', origin: 'http://[::1]:3000' })).toBeUndefined()
  })

  it.each(['evil.example:3000', 'localhost.evil.example', '', 'local host', '127.0.0.1.evil.example'])(
    'refuses the host %j for reads too',
    (host) => {
      expect(refusal({ method: 'GET', host })).toBe('host')
      expect(refusal({ ...own, host, origin: `http://${host}` })).toBe('host')
    },
  )

  it.each([undefined, 'null', 'http://evil.example', 'http://localhost:8000', 'http://127.0.0.1:3000'])(
    'refuses the origin %j',
    (origin) => expect(refusal({ ...own, origin })).toBe('origin'),
  )

  it('refuses what the browser itself calls cross-site', () => {
    expect(refusal({ ...own, 'sec-fetch-site': 'same-site' })).toBe('origin')
  })

  it.each([undefined, 'text/plain', 'application/x-www-form-urlencoded'])('refuses the body type %j', (type) => {
    expect(refusal({ ...own, 'content-type': type })).toBe('type')
  })

  it('answers to a name that it was told of, and to a lane’s', () => {
    expect(refusal({ method: 'GET', host: 'console.internal' })).toBe('host')
    expect(refusal({ method: 'GET', host: 'console.internal' }, { allowedHosts: ['console.internal'] })).toBeUndefined()
    expect(refusal({ method: 'GET', host: 'sticky.localhost:3000' })).toBeUndefined()
  })
})
