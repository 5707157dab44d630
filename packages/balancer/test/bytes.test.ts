import { connect as connect2 } from 'node:http2'
import { describe, expect, test } from 'vitest'
import { engineNames, testBalancer } from './support/balancer.ts'
import { certificate } from './support/certificate.ts'
import { RawClient } from './support/client.ts'
import { rawNode } from './support/node.ts'

/** Every byte that a field's value may hold beside printable ASCII (RFC 9110 §5.5: obs-text), and the two blanks within. */
const odd = `a\t ${Array.from({ length: 128 }, (_, i) => String.fromCharCode(128 + i)).join('')}z`

/** A node that says this to whatever it is asked, one byte a character. */
const saying = (answer: string) =>
  rawNode('a', (socket, text) => {
    if (/\r\n\r\n(.*0\r\n.*\r\n\r\n)?$/s.test(text)) socket.write(answer, 'latin1')
  })

const get = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n'
const upgrade = 'GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'

describe.each(engineNames)('bytes above 127 pass unchanged [%s]', (engine) => {
  test.each([
    ['a field', `HTTP/1.1 200 OK\r\nX-Odd: ${odd}\r\nContent-Length: 2\r\n\r\nok`, `X-Odd: ${odd}\r\n`],
    ['a cookie', `HTTP/1.1 200 OK\r\nSet-Cookie: a=${odd}\r\nContent-Length: 0\r\n\r\n`, `Set-Cookie: a=${odd}\r\n`],
    [
      'a large answer’s field',
      `HTTP/1.1 200 OK\r\nX-Odd: ${odd}\r\nContent-Length: 9000\r\n\r\n${'x'.repeat(9000)}`,
      `X-Odd: ${odd}\r\n`,
    ],
    ['the reason', `HTTP/1.1 404 ${odd}\r\nContent-Length: 0\r\n\r\n`, `HTTP/1.1 404 ${odd}\r\n`],
    [
      'an interim answer',
      `HTTP/1.1 103 Early Hints\r\nX-Odd: ${odd}\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok`,
      `HTTP/1.1 103 Early Hints\r\nX-Odd: ${odd}\r\n\r\n`,
    ],
    [
      'a trailer',
      `HTTP/1.1 200 OK\r\nTrailer: X-Odd\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX-Odd: ${odd}\r\n\r\n`,
      `\r\nX-Odd: ${odd}\r\n\r\n`,
    ],
  ])('%s of an answer', async (_, answer, expected) => {
    await using node = await saying(answer)
    await using lb = await testBalancer({ engine, nodes: [node] })
    await using client = new RawClient(lb.port).send(get)
    await expect.poll(() => client.received).toContain(expected)
  })

  test('a field and a trailer of a request', async () => {
    await using node = await saying('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')
    await using lb = await testBalancer({ engine, nodes: [node], via: 'caf\xe9' })
    const fields = `X-Odd: ${odd}\r\nCookie: a=${odd}\r\nTrailer: X-Sum\r\nTransfer-Encoding: chunked\r\n`
    await using client = new RawClient(lb.port)
    client.send(`POST / HTTP/1.1\r\nHost: x\r\n${fields}\r\n1\r\nx\r\n0\r\nX-Sum: ${odd}\r\n\r\n`)
    await expect.poll(() => client.status).toBe(200)
    const [text] = node.received
    for (const line of [`X-Odd: ${odd}`, `Cookie: a=${odd}`, `X-Sum: ${odd}`, 'Via: 1.1 caf\xe9'])
      expect(text).toContain(`\r\n${line}\r\n`)
  })

  test('a field of an answer over HTTP/2', async () => {
    await using node = await saying(`HTTP/1.1 200 OK\r\nX-Odd: ${odd}\r\nContent-Length: 0\r\n\r\n`)
    await using lb = await testBalancer({ engine, nodes: [node], front: { tls: certificate('bytes') } })
    const session = connect2(lb.url, { rejectUnauthorized: false })
    try {
      const stream = session.request({ ':path': '/' })
      let got: unknown
      stream.on('response', (headers) => {
        got = headers['x-odd']
      })
      stream.resume()
      await expect.poll(() => got).toBe(odd)
    } finally {
      session.destroy()
    }
  })
})

describe('bytes above 127 pass unchanged in upgrades', () => {
  test.each([
    [
      'a switch',
      `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nX-Odd: ${odd}\r\n\r\n`,
      `X-Odd: ${odd}\r\n`,
    ],
    [
      'a refusal',
      `HTTP/1.1 403 ${odd}\r\nX-Odd: ${odd}\r\nContent-Length: 2\r\n\r\nno`,
      `HTTP/1.1 403 ${odd}\r\nX-Odd: ${odd}\r\n`,
    ],
  ])('%s', async (_, answer, expected) => {
    await using node = await saying(answer)
    await using lb = await testBalancer({ nodes: [node] })
    await using client = new RawClient(lb.port).send(upgrade.replace('\r\n\r\n', `\r\nX-Asked: ${odd}\r\n\r\n`))
    await expect.poll(() => client.received).toContain(expected)
    expect(node.received[0]).toContain(`X-Asked: ${odd}\r\n`)
  })
})
