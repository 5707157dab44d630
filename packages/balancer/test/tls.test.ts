import type { ServerResponse } from 'node:http'
import http2, { type ClientHttp2Session, type IncomingHttpHeaders } from 'node:http2'
import https from 'node:https'
import { connect } from 'node:tls'
import { describe, expect, test } from 'vitest'
import type { Policy } from '../src/index.ts'
import { secret, testBalancer } from './support/balancer.ts'
import { certificate } from './support/certificate.ts'
import { rawNode, testNode, testNodes } from './support/node.ts'

const tls = certificate('one')

interface Answer2 {
  headers: IncomingHttpHeaders
  trailers: IncomingHttpHeaders
  body: string
  reset: number
}

/** One request over an HTTP/2 session. */
function ask2(session: ClientHttp2Session, headers: http2.OutgoingHttpHeaders, body?: string): Promise<Answer2> {
  const { promise, resolve } = Promise.withResolvers<Answer2>()
  const stream = session.request(headers, { endStream: body === undefined })
  const answer: Answer2 = { headers: {}, trailers: {}, body: '', reset: 0 }
  stream.on('response', (received) => {
    answer.headers = received
  })
  stream.on('trailers', (received) => {
    answer.trailers = received
  })
  stream.setEncoding('utf8')
  stream.on('data', (chunk) => {
    answer.body += chunk
  })
  stream.on('error', () => {})
  stream.on('close', () => resolve({ ...answer, reset: stream.rstCode }))
  if (body !== undefined) stream.end(body)
  return promise
}

async function withSession<T>(url: string, run: (session: ClientHttp2Session) => Promise<T>): Promise<T> {
  const session = http2.connect(url, { rejectUnauthorized: false })
  session.on('error', () => {})
  try {
    return await run(session)
  } finally {
    session.destroy()
  }
}

describe('TLS and HTTP/2 in front', () => {
  test('an HTTP/2 client is told how many requests it may have at a time, and gets no more served', async () => {
    const held: ServerResponse[] = []
    await using node = await testNode('a')
    node.handler = (_, res) => void held.push(res)
    await using lb = await testBalancer({ nodes: [node], front: { tls } })
    const session = http2.connect(lb.url, { rejectUnauthorized: false })
    try {
      let done = 0
      for (let i = 0; i < 120; i++) {
        const stream = session.request({ ':path': '/' }).on('error', () => {})
        stream.once('close', () => done++)
        stream.resume()
      }
      await expect.poll(() => held.length).toBe(100)
      expect(session.remoteSettings.maxConcurrentStreams).toBe(100)
      expect(lb.balancer.load.active).toBe(100)
      while (done < 120) {
        held.shift()?.end()
        await expect.poll(() => held.length > 0 || done === 120).toBe(true)
      }
    } finally {
      session.destroy()
    }
  })

  test('HTTPS by HTTP/1.1: the node hears of it, and the affinity cookie is Secure', async () => {
    await using node = await testNode('a')
    await using lb = await testBalancer({ nodes: [node], affinity: { secret }, front: { tls } })
    const { promise, resolve, reject } = Promise.withResolvers<string[]>()
    const request = https.get(lb.url, { rejectUnauthorized: false, agent: false }, (response) => {
      response.resume()
      resolve(response.headers['set-cookie'] ?? [])
    })
    request.on('error', reject)
    expect((await promise)[0]).toMatch(/; Secure; SameSite=None$/)
    expect(node.seen[0]?.headers).toMatchObject({ 'x-forwarded-proto': 'https' })
    expect(node.seen[0]?.headers.forwarded).toContain(';proto=https')
  })

  test('a policy reads the host and other headers of HTTP/2 by the names that HTTP/1 has', async () => {
    await using nodes = await testNodes(2)
    const policy: Policy = (available, request) =>
      available.find(({ name }) => request.header('host') === `${name}.test`)
    await using lb = await testBalancer({ nodes, front: { tls }, policy })
    await withSession(lb.url, async (session) => {
      const bodies = ['b', 'a', 'b'].map((name) => ask2(session, { ':authority': `${name}.test` }))
      expect((await Promise.all(bodies)).map(({ body }) => body)).toEqual(['b', 'a', 'b'])
    })
  })

  test('HTTP/2: bodies, cookies in crumbs, several Set-Cookies and trailers pass', async () => {
    await using node = await testNode('a')
    node.handler = (req, res, body) => {
      res.writeHead(
        200,
        [
          ['Set-Cookie', 'one=1'],
          ['Set-Cookie', 'two=2'],
          ['Trailer', 'X-Sum'],
          ['Connection', 'keep-alive'],
        ].flat(),
      )
      res.write(`${req.method} ${req.headers.host} ${req.headers.cookie} ${body}`)
      res.addTrailers({ 'X-Sum': '7' })
      res.end()
    }
    await using lb = await testBalancer({ nodes: [node], front: { tls } })
    await withSession(lb.url, async (session) => {
      const headers = { ':method': 'POST', ':path': '/x?y=1', cookie: ['c=1', 'd=2'] as unknown as string }
      const answer = await ask2(session, headers, 'hello')
      expect(answer.headers[':status']).toBe(200)
      expect(answer.headers['set-cookie']).toEqual(['one=1', 'two=2'])
      expect(answer.headers).not.toHaveProperty('connection')
      expect(answer.body).toBe(`POST ${new URL(lb.url).host} c=1; d=2 hello`)
      expect(answer.trailers['x-sum']).toBe('7')
    })
    expect(node.seen[0]).toMatchObject({ url: '/x?y=1' })
  })

  test('HTTP/2: many requests at once on one connection are spread over the nodes', async () => {
    await using nodes = await testNodes(3)
    await using lb = await testBalancer({ nodes, front: { tls } })
    await withSession(lb.url, async (session) => {
      const answers = await Promise.all(Array.from({ length: 30 }, () => ask2(session, { ':path': '/' })))
      for (const node of nodes) expect(answers.filter((answer) => answer.body === node.name)).toHaveLength(10)
    })
  })

  test('HTTP/2: a node that dies amid the body resets the stream, not the connection', async () => {
    await using node = await rawNode('a', (socket, text) => {
      if (!text.includes('\r\n\r\n')) return
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello', () => socket.destroy())
    })
    await using lb = await testBalancer({ nodes: [node], front: { tls } })
    await withSession(lb.url, async (session) => {
      expect(await ask2(session, { ':path': '/' })).toMatchObject({ reset: http2.constants.NGHTTP2_INTERNAL_ERROR })
      expect(session.closed).toBe(false)
    })
    expect(lb.done).toMatchObject([{ termination: 'upstream_aborted' }])
  })

  test('HTTP/2: a client that cancels takes its upstream request with it', async () => {
    await using node = await testNode('a')
    let arrived = 0
    let left = 0
    node.early = (_, res) => {
      arrived++
      res.once('close', () => left++)
      return true
    }
    await using lb = await testBalancer({ nodes: [node], front: { tls } })
    await withSession(lb.url, async (session) => {
      const stream = session.request({ ':path': '/' })
      stream.on('error', () => {})
      await expect.poll(() => arrived).toBe(1)
      stream.close(http2.constants.NGHTTP2_CANCEL)
      await expect.poll(() => left).toBe(1)
    })
    await expect.poll(() => lb.done).toMatchObject([{ status: 499, termination: 'client_left' }])
  })

  test('HTTP/2: headers beyond the bound reach no node', async () => {
    await using node = await testNode('a')
    await using lb = await testBalancer({ nodes: [node], front: { tls } })
    await withSession(lb.url, async (session) => {
      const tooLarge = await ask2(session, { ':path': '/', 'x-a': 'b'.repeat(20_000) })
      expect(tooLarge).toMatchObject({ headers: { ':status': 431 }, body: expect.stringContaining('too large') })
      expect((await ask2(session, { ':path': '/', 'x-a': 'b'.repeat(10_000) })).body).toBe('a')
    })
    expect(node.seen).toHaveLength(1)
  })

  test('HTTP/2: all down is a 503, CONNECT a 405', async () => {
    await using lb = await testBalancer({ nodes: [], front: { tls } })
    await withSession(lb.url, async (session) => {
      expect((await ask2(session, { ':path': '/' })).headers).toMatchObject({ ':status': 503, 'retry-after': '1' })
      const connected = await ask2(session, { ':method': 'CONNECT', ':authority': 'x:1' })
      expect(connected.headers[':status']).toBe(405)
    })
  })
})

test('a new certificate is used by the connections that come after it, and a broken one is refused', async () => {
  await using node = await testNode('a')
  await using lb = await testBalancer({ nodes: [node], front: { tls } })
  const commonName = async (): Promise<unknown> => {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>()
    const socket = connect({ port: lb.port, host: '127.0.0.1', rejectUnauthorized: false }, () => {
      resolve(socket.getPeerCertificate().subject.CN)
      socket.destroy()
    })
    socket.on('error', reject)
    return promise
  }
  expect(await commonName()).toBe('one')
  const two = certificate('two')
  lb.balancer.setTls(two)
  expect(await commonName()).toBe('two')
  expect(() => lb.balancer.setTls({ ...two, key: tls.key })).toThrow()
  expect(await commonName()).toBe('two')
})
