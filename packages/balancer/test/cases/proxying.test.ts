import { createHash, randomBytes } from 'node:crypto'
import http from 'node:http'
import { expect } from 'vitest'
import { caseOf, testBalancer } from '../support/balancer.ts'
import { ask, askInTurn, RawClient } from '../support/client.ts'
import { deadNode, rawNode, testNode, testNodes } from '../support/node.ts'

caseOf(35, 'a POST that was refused goes to another node with its body intact', async (engine) => {
  await using node = await testNode('a')
  node.handler = (_, res, body) => res.end(createHash('sha256').update(body).digest('hex'))
  await using lb = await testBalancer({ engine, nodes: [await deadNode(), node] })
  const body = randomBytes(600_000).toString('hex')
  const answer = await ask(lb.url, { method: 'POST', body })
  expect(answer.body).toBe(createHash('sha256').update(body).digest('hex'))
  if (lb.isOurs) {
    expect(lb.decisions.map((d) => d.upstream)).toEqual(['dead', 'a'])
    expect(lb.decisions[1]?.steps[0]).toEqual({ key: 'met.refused', upstream: 'dead' })
  }
  const chunked = await ask(lb.url, { method: 'POST', body, headers: { 'transfer-encoding': 'chunked' } })
  expect(chunked.body).toBe(answer.body)
})

caseOf(35, 'at most two more nodes are tried, then it is a 502', async (engine) => {
  const nodes = [await deadNode(), await deadNode(), await deadNode(), await deadNode()]
  const named = nodes.map(({ upstream }, i) => ({ upstream: { ...upstream, name: `dead${i}` } }))
  await using lb = await testBalancer({ engine, nodes: named, passive: { failures: 0 } })
  expect(await ask(lb.url, { method: 'POST', body: 'x' })).toMatchObject({ status: 502, complete: true })
  if (lb.isOurs) expect(lb.done).toMatchObject([{ attempts: 3, termination: 'connect_failed' }])
})

caseOf(36, 'a POST is not sent again once it was sent; a GET is', async (engine) => {
  const received: string[] = []
  const dies = (name: string) =>
    rawNode(name, (socket, text) => {
      if (!text.includes('\r\n\r\n')) return
      received.push(text.split(' ')[0] ?? '')
      socket.destroy()
    })
  await using a = await dies('a')
  await using b = await testNode('b')
  await using lb = await testBalancer({
    engine,
    nodes: [a, b],
    policy: (available) => available[0],
    passive: { failures: 0 },
  })
  expect(await ask(lb.url, { method: 'POST', body: 'x' })).toMatchObject({ status: 502 })
  expect(await ask(lb.url, { method: 'POST' })).toMatchObject({ status: 502 })
  expect(await ask(lb.url, { method: 'DELETE' })).toMatchObject({ status: 502 })
  expect(b.seen).toEqual([])
  expect(await ask(lb.url)).toMatchObject({ status: 200, body: 'b' })
  expect(received).toEqual(['POST', 'POST', 'DELETE', 'GET'])
  expect(lb.done.map((event) => event.termination)).toEqual(['upstream_died', 'upstream_died', 'upstream_died', 'ok'])
})

caseOf(36, 'however many nodes die over it, a POST, PUT or DELETE is asked of one, a GET of others', async (engine) => {
  const received: string[] = []
  const dies = (name: string) =>
    rawNode(name, (socket, text) => {
      if (!text.includes('\r\n\r\n')) return
      received.push(text.split(' ')[0] ?? '')
      socket.destroy()
    })
  await using a = await dies('a')
  await using b = await dies('b')
  await using c = await dies('c')
  await using lb = await testBalancer({ engine, nodes: [a, b, c], passive: { failures: 0 } })
  for (const method of ['POST', 'PUT', 'DELETE', 'PATCH']) {
    const headers = { 'content-length': '1' }
    expect((await ask(lb.url, { method, headers, body: 'x' })).status).toBe(502)
    expect(received.splice(0)).toEqual([method])
  }
  expect((await ask(lb.url)).status).toBe(502)
  expect(received).toEqual(['GET', 'GET', 'GET'])
})

caseOf(36, 'a node that answers too late is a 504, and nobody else is asked', async (engine) => {
  await using nodes = await testNodes(2)
  for (const node of nodes) node.early = () => true
  await using lb = await testBalancer({ engine, nodes, timeouts: { headersTimeoutMs: 200 } })
  expect(await ask(lb.url)).toMatchObject({ status: 504 })
  expect(await ask(lb.url, { method: 'POST', body: 'x' })).toMatchObject({ status: 504 })
  expect(lb.done.map(({ attempts, termination }) => `${attempts} ${termination}`)).toEqual(
    Array(2).fill('1 headers_timeout'),
  )
  expect(lb.balancer.pool.all.map((upstream) => upstream.stats.responseErrors)).toEqual([1, 1])
})

caseOf(37, 'a 5xx that a node answers passes unchanged and is never retried', async (engine) => {
  await using nodes = await testNodes(2)
  for (const node of nodes) {
    node.handler = (_, res) =>
      res.writeHead(503, 'Broken Here', { 'Retry-After': '7', 'X-Odd': 'caf\xe9' }).end(Buffer.from('sorry'))
  }
  await using lb = await testBalancer({ engine, nodes, passive: { failures: 1 } })
  const answer = await ask(lb.url)
  expect(answer).toMatchObject({ status: 503, body: 'sorry', headers: { 'retry-after': '7', 'x-odd': 'caf\xe9' } })
  expect(nodes.map((node) => node.seen.length)).toEqual([1, 0])
  if (lb.isOurs) expect(await lb.stateOf('a')).toBe('up')
})

caseOf(39, 'a chunked DELETE or OPTIONS does not smuggle', async (engine) => {
  await using node = await testNode('a')
  await using lb = await testBalancer({ engine, nodes: [node] })
  const smuggled = 'GET /admin HTTP/1.1\r\nHost: x\r\n\r\n'
  // A path with two slashes takes another way through http-proxy than a plain one.
  for (const path of ['/x', '//x']) {
    for (const method of ['DELETE', 'OPTIONS', 'GET', 'HEAD']) {
      const headers = { 'transfer-encoding': 'chunked' }
      expect((await ask(lb.url + path, { method, headers, body: smuggled })).status).toBe(200)
    }
  }
  await askInTurn(`${lb.url}/after`, 3)
  const urls = [...Array(4).fill('/x'), ...Array(4).fill('//x'), ...Array(3).fill('/after')]
  expect(node.seen.map((seen) => seen.url)).toEqual(urls)
  expect(node.seen.slice(0, 8).map((seen) => seen.body)).toEqual(Array(8).fill(smuggled))
})

caseOf(40, 'a `Trailer` header on GET survives, and trailers of a response arrive', async (engine) => {
  await using node = await testNode('a')
  node.handler = (_, res) => {
    res.writeHead(200, { Trailer: 'X-Sum' })
    res.write('body')
    res.addTrailers({ 'X-Sum': '42' })
    res.end()
  }
  await using lb = await testBalancer({ engine, nodes: [node] })
  const client = new RawClient(lb.port).send('GET / HTTP/1.1\r\nHost: x\r\nTrailer: X-A\r\nTE: trailers\r\n\r\n')
  await expect.poll(() => client.received).toMatch(/\r\nx-sum: 42\r\n\r\n/i)
  expect(client.received).toMatch(/^HTTP\/1\.1 200 OK\r\n/)
  await client[Symbol.asyncDispose]()
  // HAProxy asks the node in the client's version, where this node has no trailers.
  if (!lb.isOurs) return
  const old = new RawClient(lb.port).send('GET / HTTP/1.0\r\nHost: x\r\n\r\n')
  await expect.poll(() => old.closed).toBe(true)
  expect(old.received).toMatch(/\r\n\r\nbody$/)
  expect(old.received).not.toMatch(/trailer|chunked/i)
})

caseOf(41, 'headers named by Connection are stripped both ways, save those that carry the message', async (engine) => {
  await using node = await testNode('a')
  node.handler = (_, res) => {
    res.writeHead(200, { Connection: 'X-Internal, Set-Cookie', 'X-Internal': '1', 'X-Kept': '2', 'Set-Cookie': 's=1' })
    res.end('ok')
  }
  await using lb = await testBalancer({ engine, nodes: [node] })
  const connection = 'x-drop, Host, Content-Length, Cookie, X-Forwarded-For, X-Request-Id, keep-alive'
  const headers = { connection, 'x-drop': '1', 'x-stay': '2', cookie: 'c=1', te: 'gzip', 'proxy-connection': 'x' }
  const answer = await ask(lb.url, { method: 'POST', headers, body: 'body' })
  const seen = node.seen[0]
  expect(seen?.body).toBe('body')
  expect(seen?.headers).toMatchObject({
    'x-stay': '2',
    cookie: 'c=1',
    host: new URL(lb.url).host,
    'content-length': '4',
  })
  expect(seen?.headers).toMatchObject({ 'x-forwarded-for': '127.0.0.1', 'x-request-id': expect.any(String) })
  for (const name of ['x-drop', 'te', 'proxy-connection']) expect(seen?.headers).not.toHaveProperty(name)
  expect(answer.headers).toMatchObject({ 'x-kept': '2', 'set-cookie': ['s=1'] })
  expect(answer.headers).not.toHaveProperty('x-internal')
  expect(answer.headers.connection).not.toContain('X-Internal')
})

caseOf(42, 'who the client is, is believed of trusted peers alone', async (engine) => {
  await using node = await testNode('a')
  await using wary = await testBalancer({ engine, nodes: [node] })
  await using trusting = await testBalancer({
    engine,
    nodes: [node],
    trustProxy: ['127.0.0.0/8', '10.0.0.0/8'],
    via: 'lb',
  })
  const headers = {
    'x-forwarded-for': '203.0.113.9, 10.1.1.1',
    'x-forwarded-proto': 'https',
    'x-forwarded-prefix': '/p',
    'x-real-ip': '203.0.113.9',
    forwarded: 'for=203.0.113.9',
  }
  await ask(wary.url, { headers })
  await ask(trusting.url, { headers })
  const host = (url: string) => new URL(url).host
  expect(node.seen[0]?.headers).toMatchObject({
    'x-forwarded-for': '127.0.0.1',
    'x-forwarded-proto': 'http',
    'x-forwarded-host': host(wary.url),
    forwarded: `for=127.0.0.1;host="${host(wary.url)}";proto=http`,
  })
  for (const name of ['x-forwarded-prefix', 'x-real-ip', 'via']) expect(node.seen[0]?.headers).not.toHaveProperty(name)
  expect(node.seen[1]?.headers).toMatchObject({
    'x-forwarded-for': '203.0.113.9, 10.1.1.1, 127.0.0.1',
    'x-forwarded-proto': 'https',
    'x-forwarded-prefix': '/p',
    forwarded: `for=203.0.113.9, for=127.0.0.1;host="${host(trusting.url)}";proto=http`,
    via: '1.1 lb',
  })
})

for (const [framing, head] of [
  ['a declared length', 'Content-Length: 100'],
  ['chunks', 'Transfer-Encoding: chunked'],
] as const) {
  caseOf(43, `a body with ${framing} that the node cuts short is an abort to the client`, async (engine) => {
    const body = framing === 'chunks' ? '5\r\nhello\r\n' : 'hello'
    await using node = await rawNode('a', (socket, text) => {
      if (!text.includes('\r\n\r\n')) return
      socket.write(`HTTP/1.1 200 OK\r\n${head}\r\n\r\n${body}`, () => socket.destroy())
    })
    await using lb = await testBalancer({ engine, nodes: [node] })
    const answer = await ask(lb.url)
    expect(answer).toMatchObject({ status: 200, body: 'hello', complete: false })
    if (lb.isOurs) await expect.poll(() => lb.done).toMatchObject([{ termination: 'upstream_aborted', status: 200 }])
  })
}

caseOf(43, 'a body that stalls is cut after the idle time-out', async (engine) => {
  await using node = await rawNode('a', (socket, text) => {
    if (text.includes('\r\n\r\n')) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello')
  })
  await using lb = await testBalancer({ engine, nodes: [node], timeouts: { idleTimeoutMs: 300 } })
  expect(await ask(lb.url)).toMatchObject({ body: 'hello', complete: false })
  if (lb.isOurs) await expect.poll(() => lb.done).toMatchObject([{ termination: 'idle_timeout' }])
})

for (const phase of ['before the headers', 'amid the body', 'amid the upload'] as const) {
  caseOf(44, `a client that leaves ${phase} takes its upstream request with it`, async (engine) => {
    await using node = await testNode('a')
    let arrived = 0
    let left = 0
    node.early = (req, res) => {
      arrived++
      req.resume()
      if (phase === 'amid the body') res.writeHead(200).write('x')
      res.once('close', () => left++)
      return true
    }
    await using lb = await testBalancer({ engine, nodes: [node] })
    const upload = phase === 'amid the upload'
    const client = new RawClient(lb.port).send(
      `POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${upload ? 100 : 1}\r\n\r\nx`,
    )
    await expect.poll(() => arrived).toBe(1)
    if (phase === 'amid the body') await expect.poll(() => client.received).toContain('x')
    client.socket.destroy()
    await expect.poll(() => left, { timeout: 1000 }).toBe(1)
    if (!lb.isOurs) return
    await expect.poll(() => lb.done).toHaveLength(1)
    const expected = phase === 'amid the body' ? { status: 200, termination: 'client_left_body' } : { status: 499 }
    expect(lb.done).toMatchObject([expected])
    expect(lb.balancer.pool.get('a')?.inFlight).toBe(0)
  })
}

caseOf(45, 'a kept-alive connection that the node closed meanwhile is invisible to the client', async (engine) => {
  const perConnection: number[] = []
  await using node = await rawNode('a', (socket, text, connection) => {
    const requests = text.split('\r\n\r\n').length - 1
    perConnection[connection] = requests
    if (requests > 1) socket.resetAndDestroy()
    else socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
  })
  await using lb = await testBalancer({ engine, nodes: [node] })
  for (let i = 0; i < 4; i++) expect(await ask(lb.url)).toMatchObject({ status: 200, body: 'ok' })
  expect(perConnection.some((requests) => requests > 1)).toBe(true)
  if (!lb.isOurs) return
  expect(await lb.stateOf('a')).toBe('up')
  expect(lb.done.every((event) => event.termination === 'ok')).toBe(true)
})

caseOf(46, 'a server-sent event arrives before the stream ends', async (engine) => {
  await using node = await testNode('a')
  let end = () => {}
  node.handler = (_, res) => {
    res.writeHead(200, { 'Content-Type': 'text/event-stream' })
    res.write('data: one\n\n')
    end = () => res.end('data: two\n\n')
  }
  await using lb = await testBalancer({ engine, nodes: [node] })
  const client = new RawClient(lb.port).send('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
  await expect.poll(() => client.received).toContain('data: one\n\n')
  expect(client.received).not.toContain('two')
  end()
  await expect.poll(() => client.received).toContain('data: two\n\n')
  await client[Symbol.asyncDispose]()
})

caseOf(46, 'headers without a body yet arrive at once', async (engine) => {
  await using node = await testNode('a')
  node.handler = (_, res) => res.writeHead(200, { 'Content-Type': 'text/event-stream' }).flushHeaders()
  await using lb = await testBalancer({ engine, nodes: [node] })
  const client = new RawClient(lb.port).send('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
  await expect.poll(() => client.received).toContain('text/event-stream')
  await client[Symbol.asyncDispose]()
})

caseOf(47, 'a 413 amid the upload reaches the client, which is still sending', async (engine) => {
  await using node = await testNode('a')
  node.early = (_, res) => {
    res.writeHead(413, { Connection: 'close', 'Content-Length': '9' }).end('too large')
    return true
  }
  await using lb = await testBalancer({ engine, nodes: [node] })
  const client = new RawClient(lb.port).send('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 50000000\r\n\r\n')
  const piece = 'x'.repeat(65_536)
  let sent = 0
  const push = (): void => {
    while (sent < 20_000_000 && !client.closed && client.socket.writable) {
      sent += piece.length
      if (!client.socket.write(piece)) return void client.socket.once('drain', push)
    }
  }
  push()
  await expect.poll(() => client.received).toMatch(/^HTTP\/1\.1 413 [\s\S]*too large$/)
  if (lb.isOurs) expect(client.received).toMatch(/connection: close/i)
  await client[Symbol.asyncDispose]()
  if (!lb.isOurs) return
  await expect.poll(() => lb.balancer.load.active).toBe(0)
  expect(lb.done[0]?.status).toBe(413)
})

caseOf(47, 'a client that reads only when it has sent more still finds the 413', async (engine) => {
  await using node = await testNode('a')
  node.early = (req, res) => {
    req.resume()
    res.writeHead(413, { 'Content-Length': '9' }).end('too large')
    return true
  }
  await using lb = await testBalancer({ engine, nodes: [node] })
  await using client = new RawClient(lb.port)
  client.socket.pause()
  client.send('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 50000000\r\n\r\nx')
  await expect.poll(() => lb.done).toMatchObject([{ status: 413 }])
  // Had the connection been closed over unread bytes, a reset would have met these writes and thrown the answer away.
  for (let i = 0; i < 20; i++) {
    client.send('x'.repeat(1000))
    await ask(lb.url)
  }
  client.socket.resume()
  await expect.poll(() => client.received).toMatch(/^HTTP\/1\.1 413 [\s\S]*too large$/)
})

caseOf(48, 'a WebSocket client that resets before the 101 does no harm', async (engine) => {
  await using node = await testNode('a')
  let upgrades = 0
  node.server.on('upgrade', (_, socket) => {
    upgrades++
    socket.on('error', () => {})
  })
  await using lb = await testBalancer({ engine, nodes: [node] })
  const upgrade = 'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n'
  for (let i = 1; i <= 3; i++) {
    const client = new RawClient(lb.port).send(
      `GET / HTTP/1.1\r\nHost: x\r\n${upgrade}Sec-WebSocket-Version: 13\r\n\r\n`,
    )
    await expect.poll(() => upgrades).toBe(i)
    client.socket.resetAndDestroy()
    if (lb.isOurs) await expect.poll(() => lb.done.length).toBe(i)
  }
  expect((await ask(lb.url)).body).toBe('a')
  if (lb.isOurs) expect(lb.balancer.pool.get('a')?.inFlight).toBe(0)
})

caseOf(49, 'HTTP/1.0, HEAD, 204 and 304 are framed as they must be', async (engine) => {
  await using node = await testNode('a')
  node.handler = (req, res) => {
    if (req.url === '/204') res.writeHead(204).end()
    else if (req.url === '/304') res.writeHead(304, { ETag: '"x"' }).end()
    else if (req.url === '/length')
      res.writeHead(200, { 'Content-Length': '5' }).end(req.method === 'HEAD' ? undefined : 'hello')
    else res.write('hello', () => res.end())
  }
  await using lb = await testBalancer({ engine, nodes: [node] })
  const raw = async (request: string): Promise<string> => {
    await using client = new RawClient(lb.port).send(request)
    await expect.poll(() => client.closed).toBe(true)
    return client.received
  }
  const close = 'Host: x\r\nConnection: close\r\n\r\n'
  expect(await raw('GET / HTTP/1.0\r\n\r\n')).toMatch(/^HTTP\/1\.1 200 OK\r\n(?![\s\S]*chunked)[\s\S]*\r\n\r\nhello$/)
  expect(await raw('GET /length HTTP/1.0\r\nConnection: close\r\n\r\n')).toMatch(
    /content-length: 5\r\n[\s\S]*\r\n\r\nhello$/i,
  )
  expect(await raw(`GET / HTTP/1.1\r\n${close}`)).toMatch(/\r\n\r\n5\r\nhello\r\n0\r\n\r\n$/)
  expect(await raw(`HEAD /length HTTP/1.1\r\n${close}`)).toMatch(
    /content-length: 5\r\n(?![\s\S]*hello)[\s\S]*\r\n\r\n$/i,
  )
  expect(await raw(`HEAD / HTTP/1.1\r\n${close}`)).toMatch(/^HTTP\/1\.1 200 OK\r\n(?![\s\S]*hello)[\s\S]*\r\n\r\n$/)
  expect(await raw(`GET /204 HTTP/1.1\r\n${close}`)).toMatch(
    /^HTTP\/1\.1 204 (?![\s\S]*(chunked|content-length))[\s\S]*\r\n\r\n$/i,
  )
  expect(await raw(`GET /304 HTTP/1.1\r\n${close}`)).toMatch(
    /^HTTP\/1\.1 304 [\s\S]*etag: "x"(?![\s\S]*chunked)[\s\S]*\r\n\r\n$/i,
  )
})

caseOf(50, 'nodes come and go under load without one failed request', async (engine) => {
  await using nodes = await testNodes(4)
  for (const node of nodes) node.handler = (_, res) => void setImmediate(() => res.end(node.name))
  await using lb = await testBalancer({ engine, nodes: nodes.slice(0, 2), health: { intervalMs: 50 } })
  const agent = new http.Agent({ keepAlive: true })
  const answers: { status: number; body: string }[] = []
  let running = true
  const user = async (method: string): Promise<void> => {
    while (running) answers.push(await ask(lb.url, { method, agent, ...(method === 'POST' ? { body: 'x' } : {}) }))
  }
  const users = ['GET', 'POST', 'GET', 'POST', 'GET', 'POST'].map(user)
  const answeredBy = (name: string) => answers.filter((answer) => answer.body === name).length
  for (let round = 0; round < 3; round++) {
    for (const node of nodes.slice(2)) {
      const before = answeredBy(node.name)
      await lb.balancer.add(node.upstream)
      await expect.poll(() => answeredBy(node.name)).toBeGreaterThan(before)
    }
    for (const node of nodes.slice(2)) await lb.balancer.remove(node.name)
  }
  running = false
  await Promise.all(users)
  agent.destroy()
  expect(answers.filter((answer) => answer.status !== 200)).toEqual([])
  expect(lb.balancer.pool.all.map((upstream) => upstream.name)).toEqual(['a', 'b'])
})
