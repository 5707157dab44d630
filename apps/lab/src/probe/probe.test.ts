import { once } from 'node:events'
import { setImmediate } from 'node:timers/promises'
import { createServer } from 'node:tls'
import { expect, it } from 'vitest'
import { readProbe } from './arguments.ts'
import type { Bounds } from './client.ts'
import { probe, probeCommand } from './command.ts'
import { findings, probeExitCode } from './findings.ts'
import { page, text } from './render.ts'
import { type Listening, listen, shop } from './test-shop.ts'

const never = new AbortController().signal

/** What is found at an application, as `verdict about: says`, addresses taken out. */
async function found(at: Pick<Listening, 'url'>, argv: readonly string[] = [], bounds?: Bounds) {
  const command = readProbe([at.url.href, ...argv])
  if (!('of' in command)) throw new TypeError('not a probe')
  const facts = await probe(command.of, never, bounds)
  expect(facts.history.length).toBeLessThanOrEqual(200)
  const list = findings(facts)
  const lines = list.map(
    ({ verdict, about, says }) => `${verdict} ${about}: ${says.replaceAll(/http:\/\/[\d.:]+/g, 'URL')}`,
  )
  return { facts, lines, all: lines.join('\n'), exitCode: probeExitCode(list, facts) }
}

const login = ['--login', 'POST /login user=ada', '--logout', 'POST /logout']
const nodesOf = ({ nodes }: { nodes: readonly URL[] }) => nodes.flatMap((node) => ['--node', node.href])

it('finds that servers which share nothing behind a round robin lose the session', async () => {
  await using app = await shop()
  const { all, exitCode } = await found(app, nodesOf(app))
  expect(all).toContain(
    'note session: The cookie sid carries the session: 32 characters, Path=/; HttpOnly; SameSite=Lax.',
  )
  expect(all).toContain('bad session: The session is not known wherever the client comes')
  expect(all).toContain('3 servers answered 10 new clients (told by the header x-server)')
  expect(all).toContain('clients are not pinned')
  expect(exitCode).toBe(1)
})

it('finds that clients are pinned by a cookie, and that no other server knows their sessions', async () => {
  await using app = await shop({ policy: 'sticky' })
  const { lines, all, exitCode } = await found(app, nodesOf(app))
  expect(all).toContain('good session: The session is known in all 6 answers; a made-up id is not.')
  expect(all).toContain('All 11 clients stay at their server: pinned by the cookie SERVERID.')
  expect(lines.filter((line) => line.includes('does not know the session'))).toHaveLength(2)
  expect(lines.filter((line) => line.startsWith('good node'))).toHaveLength(1)
  expect(exitCode).toBe(1)
})

it('finds nothing bad where all servers share a store', async () => {
  await using app = await shop({ shared: true })
  const { lines, all, exitCode } = await found(app, [...nodesOf(app), ...login, '--increment', 'POST /count'])
  expect(lines.filter((line) => line.startsWith('good node'))).toHaveLength(3)
  expect(all).toContain('good login: The id changes at the login.')
  expect(all).toContain('good login: The old id is not logged in.')
  expect(lines.filter((line) => line.startsWith('good logout'))).toHaveLength(4)
  expect(all).toContain('good increment: None of 10 writes at the same time was lost.')
  expect(lines.filter((line) => /^(bad|unclear)/.test(line))).toEqual([])
  expect(exitCode).toBe(0)
})

it.each([
  ['an id that stays at login', { renewsAtLogin: false }, 'bad login: The id stays the same at the login'],
  ['an old id that stays logged in', { keepsOldId: true }, 'bad login: The old id is logged in too.'],
  ['a logout that ends nothing', { endsAtLogout: false }, 'bad logout: URL/ still knows the session after the logout.'],
  ['a cookie that scripts can read', { flags: 'SameSite=Lax' }, 'bad session: sid lacks HttpOnly.'],
  ['SameSite=None without Secure', { flags: 'HttpOnly; SameSite=None' }, 'bad session: sid lacks Secure.'],
])('finds %s, and only that', async (_, options, finding) => {
  await using app = await shop({ shared: true, ...options })
  const { lines, exitCode } = await found(app, login)
  expect(lines.filter((line) => line.startsWith('bad'))).toEqual([expect.stringContaining(finding)])
  expect(exitCode).toBe(1)
})

it('knows by the answer to a made-up id that a server which names itself on the page does not know the session', async () => {
  const users = new Map<string, string>()
  const node = (name: string, store: Map<string, string>) =>
    listen((request, response) => {
      const id = /sid=(\w+)/.exec(request.headers.cookie ?? '')?.[1]
      if (!id) {
        const fresh = crypto.randomUUID().replaceAll('-', '')
        store.set(fresh, 'ada')
        response.setHeader('set-cookie', `sid=${fresh}; HttpOnly; SameSite=Lax`)
      }
      response.end(`${name} greets ${store.get(id ?? '') ?? 'a stranger'}`)
    })
  await using home = await node('a', users)
  await using sharing = await node('b', users)
  await using other = await node('c', new Map())
  const { lines } = await found(home, ['--node', sharing.url.href, '--node', other.url.href])
  expect(lines.filter((line) => line.includes(' node:')).map((line) => line.split(':')[0])).toEqual([
    'unclear node',
    'bad node',
  ])
  const known = await found(home, ['--known', 'greets ada', '--node', sharing.url.href, '--node', other.url.href])
  expect(known.lines.filter((line) => line.includes(' node:')).map((line) => line.split(':')[0])).toEqual([
    'good node',
    'bad node',
  ])
})

it('finds how many of the writes at the same time are lost', async () => {
  await using app = await shop({ shared: true, losesWrites: true })
  const { all, exitCode } = await found(app, ['--increment', 'POST /count'])
  expect(all).toMatch(/bad increment: [1-9] of 10 writes at the same time were lost/)
  expect(exitCode).toBe(1)
})

it.concurrent.each([
  ['loses', false, 'bad watch: 2 of 6 clients lost their session: watcher'],
  ['keeps', true, 'good watch: None of 6 clients lost its session.'],
])('sees while it watches that a restart %s sessions', async (_, shared, finding) => {
  await using app = await shop({ policy: 'sticky', shared })
  const running = found(app, ['--watch', '3'])
  // The watchers are the last six that come without a cookie: their first round is over when 12 more came.
  await expect.poll(() => app.requests.length, { interval: 10, timeout: 20_000 }).toBeGreaterThan(70)
  app.crash(0)
  await setImmediate()
  app.restart(0)
  const { all } = await running
  expect(all).toContain(finding)
  expect(all).toMatch(/good watch: No error in \d+ requests/)
})

it.concurrent('says how long errors lasted', async () => {
  await using app = await shop({ nodes: 1, shared: true })
  const running = found(app, ['--watch', '3'])
  await expect.poll(() => app.requests.length, { interval: 10, timeout: 20_000 }).toBeGreaterThan(70)
  const failedFrom = app.requests.length
  app.crash(0)
  await expect.poll(() => app.requests.length, { interval: 10, timeout: 20_000 }).toBeGreaterThan(failedFrom + 2)
  app.restart(0)
  expect((await running).all).toMatch(
    /bad watch: \d+ of \d+ requests failed \(503\); errors lasted \d+\.\d s at most\./,
  )
})

it('says of an application without sessions that there is none', async () => {
  await using app = await listen((_, response) => response.end('hello'))
  const { lines, exitCode } = await found(app)
  expect(lines).toEqual([
    'note session: No cookie carries a session: none is set.',
    'unclear servers: It cannot be told which server answered.',
  ])
  expect(exitCode).toBe(0)
  expect((await found(app, ['--increment', 'POST /count'])).exitCode).toBe(2)
})

it('does not guess where a page answers every id alike', async () => {
  await using app = await listen((request, response) => {
    if (!request.headers.cookie) response.setHeader('set-cookie', `sid=${crypto.randomUUID()}; HttpOnly`)
    response.end('the same for everybody')
  })
  const { all, exitCode } = await found(app, ['--node', app.url.href])
  expect(all).toContain('unclear session: This page answers a made-up id as it answers a known one.')
  expect(all).toContain('unclear node: Nothing in the answers')
  expect(exitCode).toBe(2)
})

it('tells a session that is all in its cookie from one that is never kept by --known only', async () => {
  const serve = (keeps: boolean) =>
    listen((request, response) => {
      const [, mine] = /sid=(s[0-9a-f-]+)/.exec(request.headers.cookie ?? '') ?? []
      const knows = keeps && mine !== undefined && issued.has(mine)
      const fresh = `s${crypto.randomUUID()}`
      issued.add(fresh)
      response.setHeader('set-cookie', `sid=${fresh}; HttpOnly; SameSite=Lax`)
      response.end(`${knows ? 'welcome back' : 'hello'} ${fresh}`)
    })
  const issued = new Set<string>()
  await using keeping = await serve(true)
  await using forgetting = await serve(false)
  expect((await found(keeping)).all).toContain('unclear session: Every answer replaces the id.')
  expect((await found(keeping, ['--known', 'back'])).all).toContain('good session: The session is known')
  expect((await found(forgetting, ['--known', 'back'])).all).toContain('unclear session: Every answer replaces the id.')
})

it('finds the session among 50 cookies and says what they cost', async () => {
  await using app = await listen((request, response) => {
    if (!request.headers.cookie)
      for (let number = 0; number < 49; number++) response.appendHeader('set-cookie', `pref${number}=on`)
    if (!request.headers.cookie) response.appendHeader('set-cookie', `connect.sid=${crypto.randomUUID()}; HttpOnly`)
    response.end()
  })
  const { all } = await found(app)
  expect(all).toContain('The cookie connect.sid carries the session')
  expect(all).toContain('sets 50 cookies')
})

const refused = (at: string, bounds?: Bounds) => {
  const command = readProbe([at])
  if (!('of' in command)) throw new TypeError('not a probe')
  return probe(command.of, never, bounds).then(
    () => 'probed',
    (error: Error) => error.message.replaceAll(/http:\/\/[\d.:]+/g, 'URL'),
  )
}

it.each([
  [
    'redirects',
    (_, response) => response.writeHead(302, { location: 'https://example.org/x?secret=1' }).end(),
    'URL/ redirects to https://example.org/x: probe that URL instead',
  ],
  ['fails', (_, response) => response.writeHead(500).end(), 'URL/ answers 500: nothing can be found out from that'],
  ['answers 1 GB', (_, response) => void flood(response), 'URL/ sends more than 1024 KiB'],
  ['streams for ever', (_, response) => void response.write('x'), 'URL/ is still sending after 1.5 s'],
  ['never answers', () => undefined, 'URL/ does not answer within 0.2 s'],
  [
    'closes',
    (request) => request.socket.destroy(),
    'URL/ closes the connection without an answer: if it speaks TLS, the URL begins with https://',
  ],
  [
    'sends endless headers',
    (_, response) => response.writeHead(200, { 'x-long': 'x'.repeat(70_000) }).end(),
    'URL/ sends more than 64 KiB of headers',
  ],
] satisfies [string, Parameters<typeof listen>[0], string][])(
  'says in one line that the page %s',
  async (_, listener, line) => {
    await using app = await listen(listener)
    expect(
      await refused(app.url.href, { timeoutMs: line.includes('0.2 s') ? 200 : line.includes('1.5 s') ? 1500 : 5000 }),
    ).toBe(line)
  },
)

/** Writes until the reader is gone; 1 GB at most. */
async function flood(response: Parameters<Parameters<typeof listen>[0]>[1]): Promise<void> {
  const chunk = Buffer.alloc(65_536, 'x')
  const gone = once(response, 'close')
  for (let sent = 0; sent < 2 ** 30 && !response.destroyed; sent += chunk.length)
    if (!response.write(chunk)) await Promise.race([once(response, 'drain'), gone])
}

it('says in one line that nothing listens', async () => {
  const app = await listen(() => undefined)
  await app[Symbol.asyncDispose]()
  expect(await refused(app.url.href)).toBe('URL/ refuses the connection: nothing listens there')
})

it('says in one line that the port speaks TLS', async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  expect(await refused(`http://127.0.0.1:${port}/`)).toContain('the URL begins with https://')
  await new Promise((resolve) => server.close(resolve))
})

it('stops at its budget and says so', async () => {
  await using app = await shop({ shared: true })
  const { facts, all, exitCode } = await found(app, [], { requests: 20 })
  expect(facts.history).toHaveLength(20)
  expect(app.requests).toHaveLength(20)
  expect(all).toContain('The probe ended early: all 20 requests are used up.')
  expect(exitCode).toBe(2)
})

it('judges a stored history as it judged the run, and stores no secret', async () => {
  await using app = await shop({ policy: 'sticky' })
  const { facts, lines } = await found(app, ['--login', 'POST /login user=ada&password=hunter2'])
  const stored = JSON.stringify(facts)
  expect(findings(JSON.parse(stored))).toEqual(findings(facts))
  expect(lines.length).toBeGreaterThan(3)
  expect(stored).not.toMatch(/hunter2|[0-9a-f]{32}/)
})

it('prints text without control characters and a page without foreign markup', async () => {
  await using app = await listen((_, response) => {
    response.appendHeader('set-cookie', `<b>\u009b31m=${crypto.randomUUID()}`)
    response.end()
  })
  const { facts } = await found(app)
  expect(text(facts, findings(facts)).replaceAll('\n', '')).not.toMatch(/\p{Cc}/u)
  expect(page(facts, findings(facts))).not.toContain('<b>')
})

it('answers 3 and one line when the page cannot be probed', async () => {
  await using app = await listen((_, response) => response.writeHead(500).end())
  const [out, err] = [[] as string[], [] as string[]]
  const around = {
    stdout: { write: (words: string) => out.push(words) > 0 },
    stderr: { write: (words: string) => err.push(words) > 0 },
    signal: never,
  }
  expect(await probeCommand(readProbe([app.url.href]), around)).toBe(3)
  expect([out.length, err.join('').split('\n').length]).toEqual([0, 2])
})

it.each([
  [[], 'needs the URL'],
  [['ftp://x'], 'allowed is http://… or https://…'],
  [['http://a:b@x/'], 'a URL with a password in it is not taken'],
  [['http://x', 'http://y'], 'takes one URL'],
  [['http://x', '--wat'], "Unknown option '--wat'"],
  [['http://x', '--watch', '0'], 'from 1 to 600'],
  [['http://x', '--login', 'login'], 'allowed is METHOD /path'],
  [['http://x', '--login', 'POST //evil/'], 'allowed is METHOD /path'],
  [['http://x', '--logout', 'POST /x'], '--logout needs --login'],
  [['http://x', '--known', '('], 'a regular expression'],
  [['http://x', '--server', 'a b'], 'the name of a header'],
  [['--judge', 'f', 'http://x'], 'has no use for'],
])('refuses %j', (argv, words) => {
  expect(() => readProbe(argv)).toThrow(words)
})
