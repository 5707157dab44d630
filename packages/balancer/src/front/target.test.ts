import { expect, test } from 'vitest'
import { isPath, readTarget } from './target.ts'

const characters = Array.from({ length: 256 }, (_, code) => String.fromCharCode(code))
// RFC 3986: unreserved, sub-delims, and what a path and a query may hold besides.
const uri = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~!$&'()*+,;=:@/%?"
// What browsers do not encode.
const inPaths = '|[]'
const inQueries = `${inPaths}\\\`^{}`

test('a path holds what RFC 3986 allows and browsers send, and nothing else', () => {
  expect(characters.filter((c) => isPath(`/a${c}b`)).toSorted()).toEqual([...uri, ...inPaths].toSorted())
})

test('a query too', () => {
  expect(characters.filter((c) => isPath(`/?a${c}b`)).toSorted()).toEqual([...uri, ...inQueries].toSorted())
})

test.each(['', 'a', '*', 'http://x/', '?a'])('%j is no path', (text) => {
  expect(isPath(text)).toBe(false)
})

test.each([
  ['GET', 'http://y/a?b', { path: '/a?b', authority: 'y' }],
  ['GET', 'HTTPS://y:8443', { path: '/', authority: 'y:8443' }],
  ['GET', 'http://y?b', { path: '/?b', authority: 'y' }],
  ['OPTIONS', 'http://y', { path: '*', authority: 'y' }],
  ['OPTIONS', 'http://y/', { path: '/', authority: 'y' }],
  ['GET', '/http://y/', { path: '/http://y/', authority: undefined }],
  ['GET', 'http:///a', { path: 'http:///a', authority: undefined }],
  ['OPTIONS', '*', { path: '*', authority: undefined }],
])('%s %s', (method, target, read) => {
  expect(readTarget(method, target)).toEqual(read)
})
