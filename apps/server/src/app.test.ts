import { describe, expect, it } from 'vitest'
import { testNode } from './test-node.ts'

const BROWSER = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' }
const JSON_CLIENT = { accept: 'application/json' }

describe('/set and /get', () => {
  it('keep a value in the session and answer it', async () => {
    await using node = await testNode()
    const client = node.client()
    const set = await client.get('/set?q=password')
    expect([set.statusCode, set.body]).toEqual([200, 'Saved: password'])
    const get = await client.get('/get')
    expect([get.statusCode, get.body]).toEqual([200, 'password'])
  })

  it.each([
    ['local', 'JSESSIONID'],
    ['sticky', 'JSESSIONID'],
  ])('use in %s mode the cookie %s, which scripts cannot read', async (MODE, name) => {
    await using node = await testNode({ MODE })
    const set = await node.client().get('/set?q=1')
    expect(set.headers['set-cookie']).toMatch(new RegExp(`^${name}=[\\w-]{24}; .*HttpOnly`))
    expect(set.headers['set-cookie']).toMatch(/SameSite=Lax/)
    expect(set.headers['set-cookie']).not.toMatch(/Secure/)
  })

  it('say text/plain, so that a browser shows markup instead of running it', async () => {
    await using node = await testNode()
    const client = node.client()
    const set = await client.get('/set?q=%3Cscript%3Ealert(1)%3C/script%3E', BROWSER)
    expect(set.body).toBe('Saved: <script>alert(1)</script>')
    for (const answer of [set, await client.get('/get', BROWSER)]) {
      expect(answer.headers['content-type']).toBe('text/plain; charset=utf-8')
      expect(answer.headers['x-content-type-options']).toBe('nosniff')
    }
  })

  it.each([
    ['an empty text', ''],
    ['line breaks', 'a\r\nSet-Cookie: x=y\r\n\r\nb'],
    ['markup', '<script>"\'&'],
    ['NUL and emoji', '\u0000😀'],
    ['Korean', '비밀번호'],
    ['a megabyte less a bit', 'x'.repeat(1_000_000)],
    ['what looks like a name', '__proto__'],
  ])('bring back %s exactly', async (_what, value) => {
    await using node = await testNode()
    const client = node.client()
    expect((await client.get(`/set?${new URLSearchParams({ q: value })}`)).statusCode).toBe(200)
    const get = await client.get('/get')
    expect(get.statusCode).toBe(200)
    expect(get.rawPayload.equals(Buffer.from(value))).toBe(true)
    expect(get.headers['set-cookie']).toBeUndefined()
  })

  it.each([
    ['/set', 'Give q'],
    ['/set?q=1&q=2', 'q came 2 times'],
    ['/set?q=%FF', 'must be UTF-8'],
    ['/set?q=%', 'must be UTF-8'],
    ['/set?%FF=1&q=1', 'must be UTF-8'],
  ])('refuse %s with 400, say why, and make no session', async (path, why) => {
    await using node = await testNode()
    const refused = await node.client().get(path)
    expect(refused.statusCode).toBe(400)
    expect(refused.body).toContain(why)
    expect(refused.headers['set-cookie']).toBeUndefined()
  })

  it('refuse a value that the store does not take with 413, and save nothing', async () => {
    await using node = await testNode()
    const refused = await node.client().get(`/set?q=${'x'.repeat(1_100_000)}`)
    expect(refused.statusCode).toBe(413)
    expect(refused.headers['set-cookie']).toBeUndefined()
  })
})

describe('a 404 without a session', () => {
  it('tells curl in plain text who answered, which cookie came, and why nothing was found', async () => {
    await using a = await testNode({ NODE_NAME: 'a' })
    await using b = await testNode({ NODE_NAME: 'b' })
    const onA = a.client()
    await onA.get('/set?q=password')
    const id = onA.jar.get('JSESSIONID') ?? ''
    const missed = await b.client(onA.jar).get('/get', { accept: '*/*' })
    expect(missed.statusCode).toBe(404)
    expect(missed.headers['content-type']).toBe('text/plain; charset=utf-8')
    expect(missed.body).toMatch(/^404 Server b does not know this session\n\nserver: b\ncookie: JSESSIONID=…/)
    expect(missed.body).toContain(`JSESSIONID=…${id.slice(-2)}`)
    expect(missed.body).toContain('The memory of server b holds no session')
    expect(missed.body).not.toContain(id)
  })

  it('tells a JSON client in application/problem+json', async () => {
    await using node = await testNode()
    const missed = await node.client().get('/get', JSON_CLIENT)
    expect(missed.headers['content-type']).toBe('application/problem+json; charset=utf-8')
    expect(missed.json()).toMatchObject({
      type: 'urn:session-cluster:problem:no-cookie',
      status: 404,
      title: 'No session cookie came',
      node: 'a',
      mode: 'local',
      reason: 'no-cookie',
      cookie: { name: 'JSESSIONID', state: 'absent' },
      attribute: 'q',
    })
  })

  it('tells a browser on a page, in Korean when it prefers that', async () => {
    await using node = await testNode()
    const jar = new Map([['JSESSIONID', 'A'.repeat(24)]])
    const missed = await node.client(jar).get('/get', { ...BROWSER, 'accept-language': 'ko-KR,ko;q=0.9' })
    expect(missed.statusCode).toBe(404)
    expect(missed.headers['content-type']).toBe('text/html; charset=utf-8')
    expect(missed.headers['content-language']).toBe('ko')
    expect(missed.body).toContain('<html lang="ko">')
    expect(missed.body).toContain('서버 a는 이 세션을 모릅니다')
    expect(missed.body).toContain('JSESSIONID=…AA')
    expect(missed.body).not.toContain('A'.repeat(24))
  })

  it.each([
    ['no cookie', new Map<string, string>(), 'no-cookie', 'absent'],
    ['another cookie', new Map([['other', 'x']]), 'no-cookie', 'absent'],
    ['a truncated id', new Map([['JSESSIONID', 'abc']]), 'malformed-cookie', 'malformed'],
    ['an empty id', new Map([['JSESSIONID', '']]), 'malformed-cookie', 'malformed'],
    ['8 KB', new Map([['JSESSIONID', 'x'.repeat(8192)]]), 'malformed-cookie', 'malformed'],
    ['odd characters', new Map([['JSESSIONID', '%00../expires:*"']]), 'malformed-cookie', 'malformed'],
    ['a forged id', new Map([['JSESSIONID', 'B'.repeat(24)]]), 'unknown-session', 'present'],
  ])('names the reason for %s, and never adopts or clears the cookie', async (_what, jar, reason, state) => {
    await using node = await testNode()
    const missed = await node.client(jar).get('/get', JSON_CLIENT)
    expect(missed.json()).toMatchObject({ status: 404, reason, cookie: { state } })
    expect(missed.headers['set-cookie']).toBeUndefined()
  })

  it('says so when there is a session but no such attribute', async () => {
    await using node = await testNode()
    const client = node.client()
    await client.post('/counter')
    const missed = await client.get('/get', JSON_CLIENT)
    expect(missed.json()).toMatchObject({ status: 404, reason: 'no-attribute', attribute: 'q' })
  })

  it('never answers with the data of another user', async () => {
    await using node = await testNode()
    const [alice, mallory] = [node.client(), node.client()]
    await alice.get('/set?q=of-alice')
    await mallory.get('/set?q=of-mallory')
    const id = alice.jar.get('JSESSIONID') ?? ''
    const flipped = (id.startsWith('A') ? 'B' : 'A') + id.slice(1)
    for (const cookie of [
      `JSESSIONID=${flipped}`,
      `JSESSIONID=${id.slice(0, -1)}`,
      `JSESSIONID=${id}x`,
      `jsessionid=${id}`,
    ]) {
      const answer = await node.client().get('/get', { cookie })
      expect([cookie, answer.statusCode]).toEqual([cookie, 404])
    }
    const twice = await node
      .client()
      .get('/get', { cookie: `JSESSIONID=zzz; JSESSIONID=${mallory.jar.get('JSESSIONID')}` })
    expect(twice.body).not.toContain('of-alice')
    expect(twice.statusCode).toBeLessThan(500)
  })
})

describe('every response', () => {
  it.each([
    ['GET', '/', 200],
    ['GET', '/set?q=1', 200],
    ['GET', '/get', 404],
    ['GET', '/livez', 200],
    ['GET', '/readyz', 200],
    ['GET', '/nowhere', 404],
    ['GET', '/login', 405],
    ['POST', '/login', 400],
    ['DELETE', '/get', 405],
    ['GET', '/%FF', 400],
    ['POST', '/logout', 200],
  ] as const)('names the node and may not be cached: %s %s', async (method, url, status) => {
    await using node = await testNode({ NODE_NAME: 'node-7' })
    const answer = await node.app.inject({ method, url })
    expect([answer.statusCode, answer.headers['x-served-by'], answer.headers['cache-control']]).toEqual([
      status,
      'node-7',
      'no-store',
    ])
  })

  it('closes its connection while the node drains, and readyz says 503 then', async () => {
    await using node = await testNode()
    expect((await node.app.inject('/get')).headers.connection).not.toBe('close')
    node.parts.lifecycle.draining = true
    expect((await node.app.inject('/readyz')).statusCode).toBe(503)
    const served = await node.client().get('/set?q=1')
    expect([served.statusCode, served.headers.connection]).toEqual([200, 'close'])
    expect((await node.app.inject('/livez')).statusCode).toBe(200)
  })
})

describe('what changes something', () => {
  it.each(['/login', '/logout', '/cart/add', '/slow-set'])(
    'is a POST: GET %s is answered 405 with Allow',
    async (path) => {
      await using node = await testNode()
      const refused = await node.client().get(path, JSON_CLIENT)
      expect([refused.statusCode, refused.headers.allow]).toEqual([405, 'POST'])
      expect(refused.json()).toMatchObject({ type: 'urn:session-cluster:problem:method-not-allowed', node: 'a' })
    },
  )

  it('takes a form as it takes a query, and sends a browser back to the start page', async () => {
    await using node = await testNode()
    const form = {
      method: 'POST' as const,
      url: '/login',
      payload: 'user=alice',
      headers: { ...BROWSER, 'content-type': 'application/x-www-form-urlencoded' },
    }
    const answer = await node.app.inject(form)
    expect([answer.statusCode, answer.headers.location]).toEqual([303, '/'])
    const bad = await node.app.inject({ ...form, payload: 'user=%FF' })
    expect(bad.statusCode).toBe(400)
    const json = await node.app.inject({ ...form, payload: '{', headers: { 'content-type': 'application/json' } })
    expect(json.statusCode).toBe(400)
    const xml = await node.app.inject({ ...form, payload: '<a/>', headers: { 'content-type': 'text/xml' } })
    expect(xml.statusCode).toBe(415)
    const large = await node.app.inject({ ...form, payload: `user=${'x'.repeat(100_000)}` })
    expect(large.statusCode).toBe(413)
  })
})
