import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { springJson } from '../codec/spring-json.ts'
import type { SessionsOptions } from '../options.ts'
import { resolveOptions } from '../resolve-options.ts'
import { memoryStore } from '../store/memory.ts'
import { carrier } from './carrier.ts'
import { cookieValues, soleCookie } from './cookie.ts'
import { type CookieOptions, MAX_COOKIE_BYTES } from './cookie-options.ts'
import { isForeignId, isId, newId } from './id.ts'

const store = memoryStore({ sweepEveryMs: 0 })
const made = (cookie: CookieOptions = {}, more: Partial<SessionsOptions> = {}) =>
  carrier(resolveOptions({ store, cookie, ...more }))
const SECRET = 'a secret that is long enough to use'
const OTHER = 'another secret that is long enough'

describe('parsing a Cookie header', () => {
  it('finds every value of a name, and no other', () => {
    const header = 'a=1; SESSION=x; SESSIONS=no; b=2; SESSION="y"; XSESSION=no; SESSION=; bare'
    expect([...cookieValues(header, 'SESSION')]).toEqual(['x', 'y', ''])
  })

  it('never throws, whatever the header is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), fc.string({ minLength: 1 }), (header, name) => {
        for (const value of cookieValues(header, name)) expect(typeof value).toBe('string')
      }),
    )
  })

  it('brings back any value among any other cookies', () => {
    const octet = fc.stringMatching(/^[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]{0,60}$/)
    const word = fc.stringMatching(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,20}$/)
    const pairs = fc.array(fc.tuple(word, octet))
    fc.assert(
      fc.property(pairs, word, octet, pairs, (before, name, value, after) => {
        const all = [
          ...before.filter(([other]) => other !== name),
          [name, value],
          ...after.filter(([other]) => other !== name),
        ]
        const header = all.map(([n, v]) => `${n}=${v}`).join('; ')
        expect([...cookieValues(header, name)]).toEqual([value])
        expect(soleCookie(header, name)).toBe(all.length === 1 ? value : undefined)
      }),
    )
  })
})

describe('an id', () => {
  it('is one of a million that are all different, and holds 144 bits', () => {
    const ids = new Set<string>()
    for (let i = 0; i < 1_000_000; i++) ids.add(newId())
    expect(ids.size).toBe(1_000_000)
    const [first = ''] = ids
    expect(Buffer.from(first, 'base64url')).toHaveLength(18)
    expect(isId(first)).toBe(true)
  })

  it('uses every bit: each of 144 is set about half of the time', () => {
    const counts = new Array<number>(144).fill(0)
    const rounds = 4000
    for (let i = 0; i < rounds; i++) {
      const bytes = Buffer.from(newId(), 'base64url')
      for (let bit = 0; bit < 144; bit++) counts[bit] = (counts[bit] ?? 0) + (((bytes[bit >> 3] ?? 0) >> (bit & 7)) & 1)
    }
    // Six standard deviations of a fair coin: a false alarm once in some million runs.
    for (const count of counts) expect(Math.abs(count - rounds / 2)).toBeLessThan(6 * Math.sqrt(rounds / 4))
  })

  it('has a shape that nothing which would be odd in a store has', () => {
    for (const text of [
      '',
      'short',
      'expires:0123456789abcdef01',
      '../etc/passwd',
      'a'.repeat(25),
      `${'a'.repeat(23)}\n`,
      '*'.repeat(24),
    ]) {
      expect(isId(text)).toBe(false)
    }
    expect(isForeignId('b1f9c8de-46c8-4b8e-9f5d-0f8b6a3c2d1e')).toBe(true)
    expect(isForeignId('expires:b1f9c8de-46c8-4b8e-9f5d')).toBe(false)
  })
})

describe('the carrier', () => {
  const read = (c: ReturnType<typeof made>, cookie: string) => c.read({ cookie })
  const give = (c: ReturnType<typeof made>, id: string) => c.give(id, true, undefined).value.split(';')[0] ?? ''

  it.each<[string, CookieOptions, Partial<SessionsOptions>]>([
    ['plain', {}, {}],
    ['signed', { secrets: [SECRET] }, {}],
    ['with a route', {}, { route: 'node-a' }],
    ['signed, with a route, in Base64', { secrets: [SECRET], encoding: 'base64' }, { route: 'a' }],
  ])('reads what it writes: %s', (_how, cookie, more) => {
    const id = newId()
    const c = made(cookie, more)
    expect(read(c, give(c, id))).toEqual({ id, stale: false })
    expect(read(c, `other=1; ${give(c, id)}; more=2`)).toEqual({ id, stale: false })
    expect(read(c, `SESSION=junk; ${give(c, id)}`)).toEqual({ id, stale: false })
  })

  it('writes Spring’s cookie: standard Base64 of the id, not percent-encoded', () => {
    const id = 'b1f9c8de-46c8-4b8e-9f5d-0f8b6a3c2d1e'
    const shared = { ...store, plainIds: true } as typeof store
    Object.setPrototypeOf(shared, Object.getPrototypeOf(store) as object)
    const c = carrier(resolveOptions({ store: shared, codec: springJson(), cookie: { encoding: 'base64' } }))
    expect(give(c, id)).toBe(`SESSION=${Buffer.from(id).toString('base64')}`)
    expect(read(c, give(c, id))).toEqual({ id, stale: false })
  })

  it('takes nothing else for an id, and never throws', () => {
    const c = made({ secrets: [SECRET] }, { route: 'a' })
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 100 }), (value) => {
        expect(['absent', 'malformed']).toContain(read(c, `SESSION=${value}`))
      }),
    )
    expect(read(made(), `SESSION=${'x'.repeat(8192)}`)).toBe('malformed')
  })

  it('refuses a signed cookie with any byte changed', () => {
    const c = made({ secrets: [SECRET] })
    const value = give(c, newId()).slice('SESSION='.length)
    for (let i = 0; i < value.length; i++) {
      for (const replacement of ['A', 'B', '~']) {
        if (value[i] === replacement) continue
        const forged = value.slice(0, i) + replacement + value.slice(i + 1)
        expect([i, read(c, `SESSION=${forged}`)]).toEqual([i, 'malformed'])
      }
    }
  })

  it('has one spelling for an id: no other text that decodes to the same bytes is taken for it', () => {
    const next = (c: string) => String.fromCharCode(c.charCodeAt(0) + 1)
    const id = newId()
    const signed = give(made({ secrets: [SECRET] }), id)
    const ends = [signed.slice(0, -1) + next(signed.at(-1) ?? ''), `${signed}=`, `${signed}A`]
    for (const other of ends) expect([other, read(made({ secrets: [SECRET] }), other)]).toEqual([other, 'malformed'])
    const spring = made({ encoding: 'base64' }, { route: 'a' })
    const encoded = give(spring, id)
    expect(encoded).toMatch(/=$/)
    for (const other of [
      encoded.replace(/=+$/, ''),
      `${encoded}=`,
      `${encoded}!`,
      encoded.replace(/.(=+)$/, (end) => next(end) + end.slice(1)),
    ]) {
      expect([other, read(spring, other)]).toEqual([other, 'malformed'])
    }
  })

  it('accepts what an older secret has signed, and has it signed anew', () => {
    const id = newId()
    const old = give(made({ secrets: [SECRET] }), id)
    expect(read(made({ secrets: [OTHER, SECRET] }), old)).toEqual({ id, stale: true })
    expect(read(made({ secrets: [OTHER] }), old)).toBe('malformed')
  })

  it('has a route that is another node’s rewritten', () => {
    const id = newId()
    expect(read(made({}, { route: 'b' }), give(made({}, { route: 'a' }), id))).toEqual({ id, stale: true })
    expect(read(made({}, { route: 'b' }), `SESSION=${id}.a;b`)).toEqual({ id, stale: true })
    expect(read(made({}, { route: 'b' }), `SESSION=${id}.a.b`)).toBe('malformed')
  })

  it('writes all attributes, and stays within what browsers keep', () => {
    const all = {
      name: '__Secure-S',
      domain: 'example.com',
      path: '/shop',
      sameSite: 'none',
      partitioned: true,
      persistent: true,
    } as const
    const line = made(all).give('ID', true, 1_800_000).value
    expect(line).toBe(
      '__Secure-S=ID; Path=/shop; Domain=example.com; HttpOnly; SameSite=None; Partitioned; Secure; Max-Age=1800',
    )
    const longest = made({ name: 'N'.repeat(128), secrets: [SECRET], encoding: 'base64' }, { route: 'r'.repeat(64) })
    expect(give(longest, newId()).length).toBeLessThanOrEqual(MAX_COOKIE_BYTES)
  })

  it('marks the cookie Secure as told, by the request’s protocol when told so', () => {
    const secure = (value: boolean | 'auto', isTls: boolean) =>
      made({ secure: value }).give('ID', isTls, undefined).value.includes('Secure')
    expect([secure(true, false), secure(false, true), secure('auto', true), secure('auto', false)]).toEqual([
      true,
      false,
      true,
      false,
    ])
  })
})
