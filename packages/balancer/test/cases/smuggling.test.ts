import { expect } from 'vitest'
import { caseOf, testBalancer } from '../support/balancer.ts'
import { RawClient } from '../support/client.ts'
import { testNode } from '../support/node.ts'

const POST = 'POST / HTTP/1.1\r\nHost: x\r\n'
const GET = 'GET / HTTP/1.1\r\nHost: x\r\n'

/** Requests that two parsers could read differently. */
const refused: Record<string, string> = {
  'Content-Length before Transfer-Encoding': `${POST}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
  'Transfer-Encoding before Content-Length': `${POST}Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n`,
  'two equal Content-Lengths': `${POST}Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello`,
  'two different Content-Lengths': `${POST}Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello`,
  'a list in Content-Length': `${POST}Content-Length: 5, 5\r\n\r\nhello`,
  'a signed Content-Length': `${POST}Content-Length: +5\r\n\r\nhello`,
  'a hexadecimal Content-Length': `${POST}Content-Length: 0x5\r\n\r\nhello`,
  'a transfer coding that is not chunked': `${POST}Transfer-Encoding: identity\r\n\r\nhello`,
  'a transfer coding before chunked': `${POST}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`,
  'a transfer coding after chunked': `${POST}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n`,
  'a misspelt chunked': `${POST}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n`,
  'two Transfer-Encodings': `${POST}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
  'Transfer-Encoding in HTTP/1.0': 'POST / HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
  'a folded header': `${GET}X-A: b\r\n c: d\r\n\r\n`,
  'a folded Transfer-Encoding': `${POST}Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n`,
  'a bare LF after the request line': 'GET / HTTP/1.1\nHost: x\r\n\r\n',
  'a bare LF after a header': 'GET / HTTP/1.1\r\nHost: x\nX-A: b\r\n\r\n',
  'a bare CR in a header': `${GET}X-A: b\rc\r\n\r\n`,
  'a NUL in a header': `${GET}X-A: b\0c\r\n\r\n`,
  'a blank before the colon': `${POST}Content-Length : 5\r\n\r\nhello`,
  'a header without a name': `${GET}: b\r\n\r\n`,
  'two Hosts': `${GET}Host: y\r\n\r\n`,
  'no Host': 'GET / HTTP/1.1\r\n\r\n',
  'a target of another scheme': 'GET ftp://other/ HTTP/1.1\r\nHost: x\r\n\r\n',
  'a target with credentials': 'GET http://a:b@other/ HTTP/1.1\r\nHost: x\r\n\r\n',
  'an asterisk that is not of OPTIONS': 'GET * HTTP/1.1\r\nHost: x\r\n\r\n',
  'a target in authority form': 'CONNECT other:80 HTTP/1.1\r\nHost: x\r\n\r\n',
  'a target that is a bare word': 'GET admin HTTP/1.1\r\nHost: x\r\n\r\n',
  'an upgrade to h2c': `${GET}Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n`,
  'h2c among upgrades': `${GET}Connection: Upgrade\r\nUpgrade: websocket, h2c\r\n\r\n`,
  'the preface of HTTP/2': 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  'a blank in the target': 'GET /a b HTTP/1.1\r\nHost: x\r\n\r\n',
  'an unknown version': 'GET / HTTP/1.2\r\nHost: x\r\n\r\n',
  'a vertical tab before chunked': `${POST}Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n`,
  'a quoted chunked': `${POST}Transfer-Encoding: "chunked"\r\n\r\n0\r\n\r\n`,
  'an empty Transfer-Encoding': `${POST}Transfer-Encoding:\r\n\r\n0\r\n\r\n`,
  'a comma before chunked': `${POST}Transfer-Encoding: ,chunked\r\n\r\n0\r\n\r\n`,
  'a comma after chunked': `${POST}Transfer-Encoding: chunked,\r\n\r\n0\r\n\r\n`,
  'a parameter of chunked': `${POST}Transfer-Encoding: chunked;a=b\r\n\r\n0\r\n\r\n`,
  'a NUL after chunked': `${POST}Transfer-Encoding: chunked\0\r\n\r\n0\r\n\r\n`,
  'a blank before Transfer-Encoding': `${POST} Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
  'another coding on a line before': `${POST}Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
  'a negative Content-Length': `${POST}Content-Length: -1\r\n\r\n`,
  'a blank in Content-Length': `${POST}Content-Length: 1 1\r\n\r\nhello`,
  'an empty Content-Length': `${POST}Content-Length:\r\n\r\n`,
  'a Content-Length beyond all numbers': `${POST}Content-Length: 99999999999999999999\r\n\r\n`,
  'a blank in Host': 'GET / HTTP/1.1\r\nHost: a b\r\n\r\n',
  'two names in Host': 'GET / HTTP/1.1\r\nHost: a, b\r\n\r\n',
  'a path in Host': 'GET / HTTP/1.1\r\nHost: a/b@c\r\n\r\n',
  'an element of Forwarded in Host': 'GET / HTTP/1.1\r\nHost: a";for=192.0.2.1;x="\r\n\r\n',
  'a port in Host that is none': 'GET / HTTP/1.1\r\nHost: a:b\r\n\r\n',
  'a TRACE': 'TRACE / HTTP/1.1\r\nHost: x\r\n\r\n',
  'a control character in the target': 'GET /a\x01b HTTP/1.1\r\nHost: x\r\n\r\n',
  'a tab in the target': 'GET /a\tb HTTP/1.1\r\nHost: x\r\n\r\n',
  'a header name with a bracket': `${GET}X(a): b\r\n\r\n`,
  'a header name with a byte above 127': `${GET}X\xe9: b\r\n\r\n`,
  'a CR amid the request line': 'GET / HTTP/1.1\r\r\nHost: x\r\n\r\n',
  'a request of HTTP/0.9': 'GET /\r\n\r\n',
  'an upgrade with a body': `${GET}Connection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 5\r\n\r\nhello`,
}

for (const [what, request] of Object.entries(refused)) {
  caseOf(38, `${what} is refused, its connection closed, and no node hears of it`, async (engine) => {
    await using node = await testNode('a')
    await using lb = await testBalancer({ engine, nodes: [node] })
    await using client = new RawClient(lb.port).send(`${request}GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n`)
    await expect.poll(() => client.closed || client.ended).toBe(true)
    expect(client.received).toMatch(/^HTTP\/1\.1 (400|405|501|505) /)
    expect(client.received.match(/HTTP\/1\.1 \d/g)).toHaveLength(1)
    expect(node.seen).toEqual([])
  })
}

const badChunks: Record<string, string> = {
  'a size that is no number': 'zz\r\nhello\r\n0\r\n\r\n',
  'a size with a sign': '+5\r\nhello\r\n0\r\n\r\n',
  'a size with a prefix': '0x5\r\nhello\r\n0\r\n\r\n',
  'a size that overflows': 'fffffffffffffffff\r\nhello\r\n0\r\n\r\n',
  'a bare LF after the size': '5\nhello\r\n0\r\n\r\n',
  'a bare LF in an extension': '5;a\nb\r\nhello\r\n0\r\n\r\n',
  'no CRLF after the data': '5\r\nhello0\r\n\r\n',
  'a negative size': '-5\r\nhello\r\n0\r\n\r\n',
  'a CR alone after the size': '5\rhello\r\n0\r\n\r\n',
  'a bare LF after the data': '5\r\nhello\n0\r\n\r\n',
  'bare LFs after the last chunk': '0\n\n',
  'a bare LF after a trailer': '0\r\nX-A: b\n\r\n',
  'an extension of 20 kB': `5;${'a'.repeat(20_000)}\r\nhello\r\n0\r\n\r\n`,
  'more data than the size': '5\r\nhello!\r\n0\r\n\r\n',
}

for (const [what, chunks] of Object.entries(badChunks)) {
  caseOf(38, `bad chunking, ${what}, ends in no answer of a node's`, async (engine) => {
    await using node = await testNode('a')
    await using lb = await testBalancer({ engine, nodes: [node] })
    const request = `${POST}Transfer-Encoding: chunked\r\n\r\n${chunks}GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n`
    await using client = new RawClient(lb.port).send(request)
    await expect.poll(() => client.closed || client.ended).toBe(true)
    expect(client.received).toMatch(/^(HTTP\/1\.1 400 |$)/)
    expect(node.seen).toEqual([])
    await expect.poll(() => lb.done).toMatchObject([{ status: 400, termination: 'bad_request' }])
  })
}

caseOf(38, 'headers of 100 kB, in one line or in many, are refused with 431', async (engine) => {
  await using node = await testNode('a')
  await using lb = await testBalancer({ engine, nodes: [node] })
  for (const headers of [`X-A: ${'b'.repeat(100_000)}\r\n`, 'X-A: b\r\n'.repeat(12_500)]) {
    await using client = new RawClient(lb.port).send(`${GET}${headers}\r\n`)
    await expect.poll(() => client.closed || client.ended).toBe(true)
    expect(client.status).toBe(431)
  }
  expect(node.seen).toEqual([])
})

caseOf(
  42,
  'names that CGI reads as those of a proxy are dropped, others with an underscore are not',
  async (engine) => {
    await using node = await testNode('a')
    await using lb = await testBalancer({ engine, nodes: [node], token: 'between us' })
    const forged = [
      'X_Forwarded_For',
      'x_forwarded-proto',
      'X_Real_IP',
      'Transfer_Encoding',
      'Content_Length',
      'X_Balancer_Token',
      'X_Request_ID',
    ]
    const lines = forged.map((name) => `${name}: forged\r\n`).join('')
    await using client = new RawClient(lb.port).send(`${GET}${lines}X_Own: kept\r\nConnection: close\r\n\r\n`)
    await expect.poll(() => client.closed).toBe(true)
    expect(node.seen[0]?.rawHeaders).not.toContain('forged')
    expect(node.seen[0]?.headers).toMatchObject({ x_own: 'kept', 'x-balancer-token': 'between us' })
  },
)

for (const path of ['/', '//x']) {
  caseOf(38, `names of a JavaScript object's own are header names like any other, on ${path}`, async (engine) => {
    await using node = await testNode('a')
    await using lb = await testBalancer({ engine, nodes: [node] })
    const names = ['constructor', 'toString', '__proto__', 'hasOwnProperty']
    const lines = names.map((name) => `${name}: a\r\n${name}: b\r\n`).join('')
    await using client = new RawClient(lb.port).send(
      `GET ${path} HTTP/1.1\r\nHost: x\r\n${lines}Connection: close\r\n\r\n`,
    )
    await expect.poll(() => client.closed).toBe(true)
    expect(client.status).toBe(200)
    expect(node.seen[0]?.rawHeaders).toEqual(expect.arrayContaining(['constructor', 'toString', 'hasOwnProperty']))
  })
}
