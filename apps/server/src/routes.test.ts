import { describe, expect, it } from 'vitest'
import { testNode } from './test-node.ts'

const JSON_CLIENT = { accept: 'application/json' }
const BROWSER = { accept: 'text/html' }

describe('POST /login', () => {
  it('gives the session a new id, keeps its data, and the old id is dead', async () => {
    await using node = await testNode()
    const client = node.client()
    await client.get('/set?q=kept')
    const before = client.jar.get('JSESSIONID') ?? ''
    const login = await client.post('/login?user=alice')
    expect([login.statusCode, login.body]).toEqual([200, 'Logged in: alice'])
    expect(client.jar.get('JSESSIONID')).not.toBe(before)
    expect((await client.get('/get')).body).toBe('kept')
    expect((await node.client(new Map([['JSESSIONID', before]])).get('/get')).statusCode).toBe(404)
  })

  it('does not adopt an id that an attacker planted', async () => {
    await using node = await testNode()
    const planted = 'P'.repeat(24)
    const victim = node.client(new Map([['JSESSIONID', planted]]))
    await victim.post('/login?user=alice')
    expect(victim.jar.get('JSESSIONID')).not.toBe(planted)
    expect((await node.client(new Map([['JSESSIONID', planted]])).get('/whoami')).json().session).toBeNull()
  })

  it.each(['/login', '/login?user=', `/login?user=${'x'.repeat(65)}`, '/login?user=a&user=b'])(
    'refuses %s',
    async (path) => {
      await using node = await testNode()
      expect((await node.client().post(path)).statusCode).toBe(400)
    },
  )
})

describe('POST /logout', () => {
  it('ends the session and clears the cookie', async () => {
    await using node = await testNode()
    const client = node.client()
    await client.get('/set?q=1')
    const stolen = new Map(client.jar)
    expect((await client.post('/logout')).body).toBe('Logged out')
    expect(client.jar.size).toBe(0)
    expect((await node.client(stolen).get('/get')).statusCode).toBe(404)
  })

  it('is no error without a session', async () => {
    await using node = await testNode()
    const answer = await node.client().post('/logout', JSON_CLIENT)
    expect([answer.statusCode, answer.json()]).toEqual([200, { node: 'a', user: null }])
    expect(answer.headers['set-cookie']).toBeUndefined()
  })
})

describe('the cart', () => {
  it('answers what is in it, after each addition and on GET', async () => {
    await using node = await testNode()
    const client = node.client()
    expect((await client.get('/cart')).statusCode).toBe(404)
    await client.post('/cart/add?item=apple')
    expect((await client.post('/cart/add?item=%EC%82%AC%EA%B3%BC', JSON_CLIENT)).json()).toEqual(['apple', '사과'])
    expect((await client.get('/cart')).json()).toEqual(['apple', '사과'])
  })

  it('holds 100 items and refuses one more with 409, keeping those', async () => {
    await using node = await testNode()
    const client = node.client()
    for (let count = 0; count < 100; count += 1) await client.post(`/cart/add?item=${count}`)
    const refused = await client.post('/cart/add?item=more')
    expect([refused.statusCode, refused.body.split('\n')[0]]).toEqual([409, '409 The cart is full'])
    expect((await client.get('/cart')).json()).toHaveLength(100)
  })
})

describe('the counter', () => {
  it('answers the new number, and loses none of 50 additions at once', async () => {
    await using node = await testNode()
    const client = node.client()
    expect((await client.post('/counter')).body).toBe('1')
    const answers = await Promise.all(Array.from({ length: 50 }, () => client.post('/counter')))
    expect(new Set(answers.map(({ body }) => Number(body)))).toEqual(
      new Set(Array.from({ length: 50 }, (_, index) => index + 2)),
    )
    expect((await client.get('/counter')).body).toBe('51')
  })
})

describe('the start page', () => {
  const page = { accept: 'text/html' }

  it('links to the rest of the cluster at the host name that the reader came to, and marks where she is', async () => {
    await using node = await testNode({ NEIGHBOURS: 'balancer=8200,a=8280,b=8281' })
    const { body } = await node.client().get('/', { ...page, host: 'clustered.localhost:8281' })
    const links = [...body.matchAll(/<a class="button" href="([^"]+)"( aria-current)?/g)].map(([, url, here]) => [
      url,
      !!here,
    ])
    expect(links).toEqual([
      ['http://clustered.localhost:8200/', false],
      ['http://clustered.localhost:8280/', false],
      ['http://clustered.localhost:8281/', true],
    ])
  })

  it('links nowhere when nobody named neighbours, or the Host header names no host', async () => {
    await using alone = await testNode()
    expect((await alone.client().get('/', page)).body).not.toContain('class="neighbours"')
    await using node = await testNode({ NEIGHBOURS: 'a=8280' })
    for (const host of ['"><script>', 'a b', '[']) {
      const { statusCode, body } = await node.client().get('/', { ...page, host })
      expect([statusCode, body.includes('class="neighbours"'), body.includes('"><script>')]).toEqual([
        200,
        false,
        false,
      ])
    }
  })

  it.each(['en', 'ko'])('names no port of its own in %s: a lane beside others has other ones', async (lang) => {
    for (const MODE of ['local', 'sticky']) {
      await using node = await testNode({ MODE })
      expect((await node.client().get(`/?lang=${lang}`, page)).body.split('<main>')[1]).not.toMatch(/\b8[0-2]\d\d\b/)
    }
  })
})

describe('GET /whoami', () => {
  it('tells the node, the times and where the session lives, and never the id', async () => {
    await using node = await testNode({ NODE_NAME: 'b', MODE: 'sticky' })
    const client = node.client()
    await client.post('/login?user=alice')
    await client.get('/set?q=1')
    const id = client.jar.get('JSESSIONID') ?? ''
    const { body } = await client.get('/whoami')
    const answer = JSON.parse(body)
    expect(answer).toMatchObject({
      node: 'b',
      mode: 'sticky',
      cookie: { name: 'JSESSIONID', state: 'present', masked: `…${id.slice(-2)}` },
      session: {
        id: `…${id.slice(-2)}`,
        isNew: false,
        user: 'alice',
        attributes: ['q'],
        redisKey: null,
        redisCli: null,
        storedIn: 'the memory of server b; nothing is in Redis',
      },
    })
    expect(Date.parse(answer.session.createdAt)).toBeLessThanOrEqual(Date.parse(answer.session.lastAccessedAt))
    expect(body).not.toContain(id)
  })

  it('says why there is no session, and makes none', async () => {
    await using node = await testNode()
    const answer = await node.client().get('/whoami')
    expect(answer.json()).toEqual({
      node: 'a',
      mode: 'local',
      cookie: { name: 'JSESSIONID', state: 'absent' },
      session: null,
      why: 'no-cookie',
    })
    expect(answer.headers['set-cookie']).toBeUndefined()
  })
})

describe('GET /', () => {
  it('is a page for browsers and a list for curl', async () => {
    await using node = await testNode({ NODE_NAME: 'b' })
    const client = node.client()
    const page = await client.get('/', BROWSER)
    expect(page.headers['content-type']).toBe('text/html; charset=utf-8')
    for (const action of ['/set', '/get', '/login', '/logout', '/cart/add', '/cart', '/counter', '/whoami']) {
      expect(page.body).toContain(`action="${action}"`)
    }
    const list = await client.get('/')
    expect(list.headers['content-type']).toBe('text/plain; charset=utf-8')
    expect(list.body).toContain('This is server b in MODE=local.')
  })

  it('loads nothing from elsewhere and runs nothing but its own script', async () => {
    await using node = await testNode()
    const page = await node.client().get('/', BROWSER)
    expect(page.headers['content-security-policy']).toMatch(
      /^default-src 'none'; style-src 'sha256-[^']+'; script-src 'sha256-[^']+'; img-src data:; connect-src 'self'/,
    )
    expect(page.body.match(/(?:src|href)="(?!\/|#|data:,")[^"]*"/g)).toBeNull()
  })

  it.each([
    ['/', 'ko,en;q=0.5', 'ko'],
    ['/', 'en,ko;q=0.5', 'en'],
    ['/?lang=ko', 'en', 'ko'],
    ['/?lang=en', 'ko', 'en'],
    ['/?lang=xx', 'ko', 'ko'],
  ])('%s with Accept-Language: %s speaks %s', async (path, language, spoken) => {
    await using node = await testNode()
    const page = await node.client().get(path, { ...BROWSER, 'accept-language': language })
    expect(page.body).toContain(`<html lang="${spoken}">`)
  })

  it('shows the session by its masked id, and escapes what the user typed', async () => {
    await using node = await testNode()
    const client = node.client()
    await client.post('/login?user=%3Cscript%3E')
    const page = await client.get('/', BROWSER)
    const id = client.jar.get('JSESSIONID') ?? ''
    expect(page.body).toContain(`JSESSIONID=…${id.slice(-2)}`)
    expect(page.body).not.toContain(id)
    expect(page.body).toContain('&lt;script&gt;')
    expect(page.body.match(/<script>/g)).toHaveLength(1)
  })
})

describe('GET /work', () => {
  it('burns as much CPU time of its thread as it was asked to', async () => {
    await using node = await testNode()
    const before = process.threadCpuUsage()
    const { cpuMs } = (await node.client().get('/work?ms=30')).json()
    const { user, system } = process.threadCpuUsage(before)
    expect(cpuMs).toBeGreaterThanOrEqual(30)
    expect((user + system) / 1000).toBeGreaterThanOrEqual(30)
  })

  it.each(['/work', '/work?ms=1001', '/work?ms=-1', '/work?ms=x'])('refuses %s', async (path) => {
    await using node = await testNode()
    expect((await node.client().get(path)).statusCode).toBe(400)
  })
})

describe('POST /slow-set', () => {
  it('does not bring back a session that was ended while it waited: 409, and nothing is saved', async () => {
    await using node = await testNode()
    const client = node.client()
    await client.get('/set?q=before')
    const jar = new Map(client.jar)
    let loaded = 0
    node.parts.sessions.on('loaded', () => {
      loaded += 1
    })
    const slow = node.client(jar).post('/slow-set?q=late&ms=300')
    await expect.poll(() => loaded).toBe(1)
    await node.client(jar).post('/logout')
    const answer = await slow
    expect(answer.statusCode).toBe(409)
    expect(answer.headers['set-cookie']).toBeUndefined()
    expect((await node.client(jar).get('/get')).statusCode).toBe(404)
  })

  it('keeps what another request wrote to another attribute meanwhile', async () => {
    await using node = await testNode()
    const client = node.client()
    await client.get('/set?q=before')
    let loaded = 0
    node.parts.sessions.on('loaded', () => {
      loaded += 1
    })
    const slow = client.post('/slow-set?q=after&ms=300')
    await expect.poll(() => loaded).toBe(1)
    await client.post('/cart/add?item=apple')
    expect((await slow).body).toBe('Saved: after')
    expect([(await client.get('/get')).body, (await client.get('/cart')).json()]).toEqual(['after', ['apple']])
  })

  it('refuses to wait longer than 10 s', async () => {
    await using node = await testNode()
    expect((await node.client().post('/slow-set?q=1&ms=10001')).statusCode).toBe(400)
  })
})

describe('an answer on a terminal', () => {
  it.each(['curl/8.5.0', 'Wget/1.24.5', 'HTTPie/3.2.2'])(
    'ends its line for %s, and is the text alone for others',
    async (agent) => {
      await using node = await testNode()
      const client = node.client()
      const [shown, exact] = [
        await client.get('/set?q=password', { 'user-agent': agent }),
        await client.get('/set?q=password', { 'user-agent': `Mozilla/5.0 ${agent}` }),
      ]
      expect([shown.body, exact.body]).toEqual(['Saved: password\n', 'Saved: password'])
    },
  )
})
