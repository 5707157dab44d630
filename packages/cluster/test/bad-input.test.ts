import { defaultCookieName } from '@session-cluster/contract'
import { ask, seededRandom, VirtualUser } from '@session-cluster/visitor'
import { describe, expect, test } from 'vitest'
import { savedUsers, testCluster } from './harness.ts'

const MODES = ['sticky', 'clustered'] as const

/** Encoded as a browser would, and what must come back. */
const KEPT: readonly [string, string, string][] = [
  ['nothing', '', ''],
  ['CRLF', '%0D%0ASet-Cookie:%20evil=1', '\r\nSet-Cookie: evil=1'],
  ['markup', '%3Cscript%3Ealert(1)%3C/script%3E', '<script>alert(1)</script>'],
  ['NUL', 'a%00b', 'a\0b'],
  ['emoji and Hangul', '%F0%9F%94%91%EB%B9%84%EB%B0%80%EB%B2%88%ED%98%B8', '🔑비밀번호'],
  ['a lone line feed', '%0A', '\n'],
  ['a plus and a percent sign', '1+1%25', '1 1%'],
  ['8,000 letters', 'x'.repeat(8_000), 'x'.repeat(8_000)],
]

const REFUSED: readonly [string, string][] = [
  ['a q that is there twice', '/set?q=one&q=two'],
  ['a q that is not there', '/set'],
  ['bytes that are no UTF-8', '/set?q=%FF'],
  ['a broken escape', '/set?q=%E0%A4%A'],
  ['a lone surrogate in UTF-8', '/set?q=%ED%A0%80'],
  ['1 MB in the address', `/set?q=${'x'.repeat(1_000_000)}`],
]

describe.each(MODES)('odd input through the balancer, MODE=%s', (mode) => {
  test('each odd q comes back exactly, or is refused with a clear 4xx', async () => {
    await using cluster = await testCluster({ mode, nodes: 2 })
    for (const [what, encoded, value] of KEPT) {
      const user = new VirtualUser({ name: what, base: cluster.balancer.url, random: seededRandom(9) })
      const saved = await user.ask(`/set?q=${encoded}`)
      expect([what, saved.status]).toEqual([what, 200])
      expect(saved.headers['set-cookie']?.join(), what).not.toContain('evil')
      expect((await user.ask('/get')).body, what).toBe(value)
    }
    for (const [what, path] of REFUSED) {
      const user = new VirtualUser({ name: what, base: cluster.balancer.url, random: seededRandom(9) })
      const { status, body } = await user.ask(path)
      expect(status, what).toBeGreaterThanOrEqual(400)
      expect(status, what).toBeLessThan(500)
      expect(body, what).not.toMatch(/^\s+at /m)
      // What was refused made no session.
      expect(user.jar.get(defaultCookieName(mode)), what).toBeUndefined()
    }
    const page = await ask(new URL('/set?q=%3Cscript%3E1', cluster.balancer.url), { headers: { accept: 'text/html' } })
    // Shown as it is only where a browser is told to run nothing of it.
    if (page.body.includes('<script>1')) {
      expect(page.headers).toMatchObject({
        'content-type': expect.stringMatching(/^text\/plain\b/),
        'x-content-type-options': 'nosniff',
      })
    }
  })

  test('no odd cookie is served, crashes anything, or opens another user’s session', async () => {
    await using cluster = await testCluster({ mode, nodes: 2 })
    const [victim] = await savedUsers(1, () => cluster.balancer.url)
    if (!victim) throw new Error('no victim')
    const name = defaultCookieName(mode)
    const id = victim.jar.get(name) ?? ''
    const affinity = victim.jar.names
      .filter((other) => other !== name)
      .map((other) => `${other}=${victim.jar.get(other)}; `)
      .join('')

    for (const [what, cookie] of oddCookies(name, id)) {
      for (const path of ['/get', '/whoami', '/set?q=mine', '/get']) {
        const answer = await ask(new URL(path, cluster.balancer.url), { headers: { cookie: affinity + cookie } })
        expect(answer.status, `${what} on ${path}: ${answer.body.slice(0, 200)}`).toBeLessThan(500)
        expect(answer.body, `${what} on ${path}`).not.toContain(victim.token)
        if (path === '/get') expect([404, 400, 431], what).toContain(answer.status)
        // An id that someone made up is never adopted.
        expect(answer.headers['set-cookie']?.join('\n') ?? '', what).not.toContain(forged(id))
      }
    }
    // The victim noticed nothing, and the nodes live.
    expect((await victim.visit()).outcome).toBe('found')
    expect(cluster.nodes.map(({ state }) => state)).toEqual(['running', 'running'])
  })
})

/** As long as a real id, of the same letters, and not one. */
function forged(id: string): string {
  return [...id]
    .map((letter) => (/[a-y]/.test(letter) ? String.fromCharCode(letter.charCodeAt(0) + 1) : letter))
    .join('')
}

function oddCookies(name: string, id: string): [string, string][] {
  const flipped = [...id].map((letter, index): [string, string] => {
    const other = letter === 'A' ? 'B' : 'A'
    return [`the id with its letter ${index} changed`, `${name}=${id.slice(0, index)}${other}${id.slice(index + 1)}`]
  })
  return [
    ['a forged id', `${name}=${forged(id)}`],
    ['an empty one', `${name}=`],
    ['a truncated one', `${name}=${id.slice(0, -1)}`],
    ['a longer one', `${name}=${id}A`],
    ['half of it', `${name}=${id.slice(0, id.length / 2)}`],
    ['8 KB', `${name}=${'A'.repeat(8_192)}`],
    ['quotes around garbage', `${name}="${forged(id)}"`],
    ['percent escapes', `${name}=%00%ff%0d%0a`],
    ['a key of Redis', `${name}=expires:${id}`],
    ['a glob', `${name}=*`],
    ['__proto__', `${name}=__proto__`],
    ['several forged of one name', `${name}=${forged(id)}; ${name}=${'A'.repeat(id.length)}; ${name}=`],
    ['another case of the name', `${name.toLowerCase()}=${id}`],
    ['no name at all', `=${id}`],
    ['only semicolons', ';;;;'],
    ...flipped,
  ]
}
