import { describe, expect, it } from 'vitest'
import { bytes, whole } from '../../../test/support/read-response.ts'
import { ResponseReader } from './response-reader.ts'

describe('ResponseReader', () => {
  it.each([
    ['by its length', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello', 'hello'],
    [
      'by chunks',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n3;x="y";z\r\nhel\r\n02\r\nlo\r\n0\r\n\r\n',
      'hello',
    ],
    ['by its status', 'HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n', ''],
    ['by its status, 304', 'HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n', ''],
    ['at once', 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n', ''],
    ['in HTTP/1.0 that stays', 'HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 1\r\n\r\nx', 'x'],
    ['without a reason', 'HTTP/1.1 200\r\nContent-Length: 1\r\n\r\nx', 'x'],
  ])('knows where a body ends %s, and that the connection is free then', (_, text, body) => {
    expect(whole(text)).toMatchObject({ body, end: 'complete and reusable' })
  })

  it.each([
    ['the node says that it closes', 'HTTP/1.1 200 OK\r\nConnection: x, Close\r\nContent-Length: 1\r\n\r\nx'],
    ['the node speaks HTTP/1.0', 'HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx'],
    ['more came than belongs to the answer', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nxHTTP/1.1 200 OK\r\n'],
  ])('does not call a connection free when %s', (_, text) => {
    expect(whole(text)).toMatchObject({ body: 'x', end: 'complete' })
  })

  it('takes a body without any framing to go on until the connection closes, and never before', () => {
    const text = 'HTTP/1.1 200 OK\r\n\r\nhello'
    expect(whole(text)).toMatchObject({ body: 'hello', end: 'unfinished' })
    expect(whole(text, { closes: true })).toMatchObject({ body: 'hello', end: 'complete' })
  })

  it.each([
    ['in the head', 'HTTP/1.1 200 OK\r\nContent-Le'],
    ['in the body', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell'],
    ['between chunks', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n'],
    ['before the last line', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n'],
    ['after an interim answer', 'HTTP/1.1 103 Early Hints\r\n\r\n'],
  ])('calls an answer broken that is cut off %s', (_, text) => {
    expect(whole(text, { closes: true }).end).toBe('broken')
  })

  it('reads no body in the answer to a HEAD', () => {
    const text = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n'
    expect(whole(text, { toHead: true })).toMatchObject({ body: '', end: 'complete and reusable' })
  })

  it('tells interim answers apart from the answer, and trailers from fields', () => {
    const interim = 'HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n'
    const answer = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nSum: \t1 \r\nB:\r\n\r\n'
    expect(whole(interim + answer)).toMatchObject({
      interim: [103],
      status: 200,
      body: 'x',
      trailers: ['Sum', '1', 'B', ''],
    })
  })

  it.each([
    ['a length twice', 'Content-Length: 1\r\nContent-Length: 1'],
    ['a list of lengths', 'Content-Length: 1, 1'],
    ['a signed length', 'Content-Length: +1'],
    ['an empty length', 'Content-Length:'],
    ['a tab after a length', 'Content-Length: 1\t'],
    ['a tab after a coding', 'Transfer-Encoding: chunked\t'],
    ['a length in hexadecimal', 'Content-Length: 0x1'],
    ['a length and chunks', 'Content-Length: 1\r\nTransfer-Encoding: chunked'],
    ['chunks and a length', 'Transfer-Encoding: chunked\r\nContent-Length: 1'],
    ['another transfer coding', 'Transfer-Encoding: gzip, chunked'],
    ['an identity coding', 'Transfer-Encoding: identity'],
    ['a coding in disguise', 'Transfer-Encoding: \x0bchunked'],
    ['chunks twice', 'Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked'],
    ['a folded field', 'X-A: 1\r\n Content-Length: 1'],
    ['a blank before the colon', 'Content-Length : 1'],
    ['a field without a name', ': 1'],
    ['a field without a colon', 'Content-Length'],
    ['a name that is no token', 'Content Length: 1'],
    ['a bare LF', 'X-A: 1\nContent-Length: 1'],
    ['a bare CR', 'X-A: 1\rContent-Length: 1'],
    ['a NUL', 'X-A: \0'],
    ['a delete character', 'X-A: \x7f'],
  ])('refuses %s', (_, fields) => {
    expect(whole(`HTTP/1.1 200 OK\r\n${fields}\r\n\r\nx`).end).toBe('broken')
  })

  it.each([
    ['HTTP/2', 'HTTP/2 200 OK'],
    ['HTTP/1.2', 'HTTP/1.2 200 OK'],
    ['a status of two digits', 'HTTP/1.1 20 OK'],
    ['a status that begins with 0', 'HTTP/1.1 099 Odd'],
    ['a status of four digits', 'HTTP/1.1 2000 OK'],
    ['two blanks', 'HTTP/1.1  200 OK'],
    ['an empty line first', '\r\nHTTP/1.1 200 OK'],
    ['chunks in HTTP/1.0', 'HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked'],
    ['what is no HTTP', 'SSH-2.0-OpenSSH'],
  ])('refuses %s', (_, head) => {
    expect(whole(`${head}\r\n\r\n`).end).toBe('broken')
  })

  it.each([
    ['a chunk without a size', '\r\nx'],
    ['a negative size', '-1\r\nx'],
    ['a size with a prefix', '0x1\r\nx'],
    ['a size beyond any sense', 'fffffffffffffff\r\nx'],
    ['a blank after a size', '1 \r\nx\r\n0\r\n\r\n'],
    ['a control character in a quoted extension', '1;a="\x01"\r\nx\r\n0\r\n\r\n'],
    ['an extension without a name', '1;\r\nx\r\n0\r\n\r\n'],
    ['a bare LF after a size', '1\nx\r\n0\r\n\r\n'],
    ['a bare LF in an extension', '1;a\nb\r\nx'],
    ['a chunk that is longer than its size', '1\r\nxy\r\n0\r\n\r\n'],
    ['a bare LF after a chunk', '1\r\nx\n0\r\n\r\n'],
    ['a bare CR at the end', '0\r\n\rx'],
    ['a length behind the body', '0\r\nContent-Length: 1\r\n\r\n'],
    ['a trailer that is none', '0\r\nno colon\r\n\r\n'],
  ])('refuses %s', (_, body) => {
    expect(whole(`HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${body}`).end).toBe('broken')
  })

  it('bounds heads, trailers and the lines before chunks, whether or not they end', () => {
    const chunked = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'
    for (const end of ['', '\r\n\r\n']) {
      expect(whole(`HTTP/1.1 200 OK\r\nX-A: ${'a'.repeat(16_384)}${end}`).end).toBe('broken')
      expect(whole(`${chunked}0\r\nX-A: ${'a'.repeat(16_384)}${end}`).end).toBe('broken')
      expect(whole(`${chunked}1;${'a'.repeat(1024)}${end}`).end).toBe('broken')
    }
    expect(whole(`HTTP/1.1 200 OK\r\nX-A: ${'a'.repeat(16_000)}\r\nContent-Length: 0\r\n\r\n`).end).toContain(
      'complete',
    )
  })

  it('holds back while it is told to, in the middle of a piece, and then tells the rest', () => {
    const told: string[] = []
    let room = false
    const reader = new ResponseReader({
      onInterim: () => {},
      onHead: () => {},
      onBody: (piece) => told.push(piece.toString()) > 0 && room,
      onComplete: (_, isReusable) => told.push(isReusable ? 'free' : 'not free'),
    })
    reader.expect(false)
    reader.read(bytes('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n1\r\nb\r\n0\r\n\r\n'))
    expect(told).toEqual(['a'])
    expect(reader.resume()).toBe(false)
    expect(told).toEqual(['a', 'b'])
    room = true
    expect(reader.resume()).toBe(true)
    expect(told).toEqual(['a', 'b', 'free'])
  })

  it('tells nothing after it was stopped in the middle of a piece', () => {
    const told: string[] = []
    const reader: ResponseReader = new ResponseReader({
      onInterim: () => {},
      onHead: () => reader.stop(),
      onBody: () => told.push('body') > 0,
      onComplete: () => told.push('complete'),
    })
    reader.expect(false)
    reader.read(bytes('HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx'))
    expect(told).toEqual([])
  })
})
