import { describe, expect, it } from 'vitest'
import { guard } from './guard.ts'

describe('guard', () => {
  it.each(['localhost:9080', '127.0.0.1:9080', '127.0.0.1', '[::1]:9080', 'sticky.localhost:9080'])(
    'lets %s pass without a token',
    (host) => {
      expect(guard({ host }, undefined)).toBeUndefined()
    },
  )

  it.each(['evil.example:9080', 'localhost.evil.example', '127.0.0.1.evil.example', '10.0.0.1', ''])(
    'refuses Host %j without a token (DNS rebinding)',
    (host) => {
      expect(guard({ host }, undefined)).toMatchObject({ status: 403 })
    },
  )

  it.each(['http://evil.example', 'null', 'http://localhost:3000'])('refuses Origin %s without a token', (origin) => {
    expect(guard({ host: 'localhost:9080', origin }, undefined)).toMatchObject({ status: 403 })
  })

  it('lets its own origin pass', () => {
    expect(guard({ host: 'localhost:9080', origin: 'http://localhost:9080' }, undefined)).toBeUndefined()
  })

  it('lets only the right token pass when there is one, from any host', () => {
    expect(guard({ host: 'node-a:9080', authorization: 'Bearer s3cret-token' }, 's3cret-token')).toBeUndefined()
    for (const authorization of [
      undefined,
      'Bearer',
      'Bearer wrong',
      'Bearer s3cret-tokem',
      'Basic s3cret-token',
      'Bearer s3cret-token x',
    ]) {
      expect(guard({ host: '127.0.0.1', ...(authorization ? { authorization } : {}) }, 's3cret-token')).toMatchObject({
        status: 401,
      })
    }
  })
})
