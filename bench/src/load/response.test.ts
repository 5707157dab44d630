import { expect, test } from 'vitest'
import { cookiesOf, readAnswer } from './response.ts'

const bytes = (...lines: string[]) => Buffer.from(lines.join('\r\n'))

test('an answer with a length ends at its length, and leaves the next one alone', () => {
  const two = bytes('HTTP/1.1 200 OK', 'Content-Length: 5', '', 'helloHTTP/1.1 200 OK')
  const answer = readAnswer(two)
  expect(answer).toMatchObject({ status: 200, closes: false, length: two.length - 'HTTP/1.1 200 OK'.length })
  expect(answer?.body.toString()).toBe('hello')
})

test('half an answer asks for more, wherever it is cut', () => {
  const whole = bytes('HTTP/1.1 201 Created', 'transfer-encoding: chunked', '', '3', 'abc', '2', 'de', '0', '', '')
  for (let cut = 0; cut < whole.length; cut++) expect(readAnswer(whole.subarray(0, cut))).toBeUndefined()
  expect(readAnswer(whole)).toMatchObject({ status: 201, length: whole.length })
  expect(readAnswer(whole)?.body.toString()).toBe('abcde')
})

test('204 and 304 have no body', () => {
  expect(readAnswer(bytes('HTTP/1.1 204 No Content', '', ''))?.body.length).toBe(0)
  expect(readAnswer(bytes('HTTP/1.1 304 Not Modified', 'content-length: 9', '', ''))?.body.length).toBe(0)
})

test('a server that closes is noticed', () => {
  expect(readAnswer(bytes('HTTP/1.1 200 OK', 'content-length: 0', 'Connection: close', '', ''))?.closes).toBe(true)
})

test('what is no HTTP, or has no length, is an error', () => {
  expect(() => readAnswer(bytes('SSH-2.0', '', ''))).toThrow('Not an HTTP answer')
  expect(() => readAnswer(bytes('HTTP/1.1 200 OK', '', ''))).toThrow('without a length')
})

test('cookies are gathered from every Set-Cookie line, without their attributes', () => {
  const head = 'HTTP/1.1 200 OK\r\nSet-Cookie: a=1; Path=/; HttpOnly\r\nx: y\r\nset-cookie: b=2=3'
  expect(cookiesOf(head)).toBe('a=1; b=2=3')
  expect(cookiesOf('HTTP/1.1 200 OK')).toBe('')
})
