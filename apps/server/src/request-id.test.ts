import { expect, it } from 'vitest'
import { requestNamer } from './request-id.ts'

const TOKEN = 'balancer-token'
const headers = (id: string, token?: string) => ({
  headers: { 'x-request-id': id, ...(token ? { 'x-balancer-token': token } : {}) },
})

it('believes the request id of a balancer that brings the token', () => {
  expect(requestNamer(TOKEN)(headers('req-1', TOKEN))).toBe('req-1')
})

it.each([
  ['no token', TOKEN, headers('req-1')],
  ['a wrong token', TOKEN, headers('req-1', 'balancer-tokem')],
  ['a token while the node has none', undefined, headers('req-1', TOKEN)],
  ['the token with an id that is none', TOKEN, headers('a b\n', TOKEN)],
])('makes its own id for a request with %s', (_case, token, request) => {
  expect(requestNamer(token)(request)).toMatch(/^[0-9a-f-]{36}$/)
})
