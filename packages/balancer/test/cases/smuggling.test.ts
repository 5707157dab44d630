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
  'a target in absolute form': 'GET http://other/ HTTP/1.1\r\nHost: x\r\n\r\n',
  'a target in asterisk form': 'OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n',
  'a target in authority form': 'CONNECT other:80 HTTP/1.1\r\nHost: x\r\n\r\n',
  'a target that is a bare word': 'GET admin HTTP/1.1\r\nHost: x\r\n\r\n',
  'an upgrade to h2c': `${GET}Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n`,
  'h2c among upgrades': `${GET}Connection: Upgrade\r\nUpgrade: websocket, h2c\r\n\r\n`,
  'the preface of HTTP/2': 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  'a blank in the target': 'GET /a b HTTP/1.1\r\nHost: x\r\n\r\n',
  'an unknown version': 'GET / HTTP/1.2\r\nHost: x\r\n\r\n',
  'an upgrade with a body': `${GET}Connection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 5\r\n\r\nhello`,
}

for (const [what, request] of Object.entries(refused)) {
  caseOf(38, `${what} is refused, its connection closed, and no node hears of it`, async (engine) => {
    await using node = await testNode('a')
    await using lb = await testBalancer({ engine, nodes: [node] })
    await using client = new RawClient(lb.port).send(`${request}GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n`)
    await expect.poll(() => client.closed || client.ended).toBe(true)
    expect(client.received).toMatch(/^HTTP\/1\.1 (400|405|501) /)
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
    await expect.poll(() => lb.balancer.load.active).toBe(0)
  })
}
