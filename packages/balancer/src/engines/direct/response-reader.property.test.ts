import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { bytes, type Read, read, readByNode, whole } from '../../../test/support/read-response.ts'

const token = fc.stringMatching(/^[A-Za-z][A-Za-z0-9-]{0,8}$/)
const value = fc.stringMatching(/^[!-~\xa1-\xff]([ -~\xa1-\xff]{0,12}[!-~\xa1-\xff])?$/)
const fields = fc.array(fc.tuple(token, value), { maxLength: 4 }).map((pairs) =>
  pairs
    .filter(([name]) => !/^(content-length|transfer-encoding|connection|upgrade|trailer)$/i.test(name))
    .map(([name, text]) => `${name}: ${text}\r\n`)
    .join(''),
)
const body = fc.uint8Array({ maxLength: 40 }).map((octets) => Buffer.from(octets).toString('latin1'))
const chunksOf = (text: string, sizes: readonly number[]): string => {
  let out = ''
  let at = 0
  for (let i = 0; at < text.length; i++) {
    const piece = text.slice(at, at + (sizes[i % sizes.length] ?? 1))
    out += `${piece.length.toString(16)}\r\n${piece}\r\n`
    at += piece.length
  }
  return `${out}0\r\n`
}
const response = fc
  .record({
    status: fc.constantFrom('200 OK', '404 Not Found', '204 No Content', '304 Not Modified', '500', '503 x y'),
    fields,
    body,
    sizes: fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 4 }),
    trailers: fields,
    framing: fc.constantFrom('length', 'chunked', 'close'),
    isEmpty: fc.boolean(),
  })
  .map(({ status, fields, body, sizes, trailers, framing, isEmpty }) => {
    const text = isEmpty || /^(204|304)/.test(status) ? '' : body
    const head = `HTTP/1.1 ${status}\r\n${fields}`
    if (/^(204|304)/.test(status) || framing === 'close') return `${head}\r\n${text}`
    if (framing === 'length') return `${head}Content-Length: ${text.length}\r\n\r\n${text}`
    return `${head}Transfer-Encoding: chunked\r\n\r\n${chunksOf(text, sizes)}${trailers}\r\n`
  })
/** The same with a few bytes changed, taken out or put in, where it hurts most. */
const damaged = fc
  .tuple(
    response,
    fc.array(
      fc.tuple(
        fc.nat(400),
        fc.constantFrom(
          '',
          '\r',
          '\n',
          '\r\n',
          ' ',
          '\t',
          '0',
          '1',
          'a',
          ':',
          ';',
          '\0',
          '\x0b',
          'Content-Length: 3\r\n',
        ),
        fc.integer({ min: 0, max: 2 }),
      ),
      { maxLength: 3 },
    ),
  )
  .map(([text, edits]) =>
    edits.reduce((now, [at, put, drop]) => {
      const place = at % (now.length + 1)
      return now.slice(0, place) + put + now.slice(place + drop)
    }, text),
  )
const cuts = fc.array(fc.nat(400), { maxLength: 6 })

function cut(text: string, at: readonly number[]): Buffer[] {
  const places = [...new Set(at.map((place) => place % (text.length + 1)))].toSorted((a, b) => a - b)
  return [...places, text.length].map((place, i) => bytes(text.slice(places[i - 1] ?? 0, place)))
}

test('an answer reads the same however it is cut into pieces', () => {
  fc.assert(
    fc.property(damaged, cuts, fc.boolean(), (text, at, closes) => {
      const [once, inPieces] = [whole(text, { closes }), read(cut(text, at), { closes })]
      // What follows the answer may come before or after its end was told.
      const blurred = ({ end, ...rest }: Read) => ({ ...rest, end: end.replace(' and reusable', '') })
      if (once.end === 'broken') expect(inPieces.end).toBe('broken')
      else expect(blurred(inPieces)).toEqual(blurred(once))
    }),
    { numRuns: 2000 },
  )
})

/** Whether ours and Node's parser see the same in it; undefined when ours refuses it, and there is nothing to compare. */
async function agrees(text: string): Promise<boolean | undefined> {
  const { end, interim: _, ...ours } = whole(text, { closes: true })
  // Of an answer with more behind it nobody but us would pass on the first part; the connection is closed then.
  if (end === 'broken' || (end !== 'complete and reusable' && whole(text).end !== 'unfinished')) return undefined
  return isDeepStrictEqual(await readByNode(text), ours)
}

describe('whatever it calls complete, Node’s own parser reads in the same way: it is never the laxer of the two', () => {
  test('with a few bytes damaged at random', async () => {
    let agreed = 0
    await fc.assert(
      fc.asyncProperty(damaged, async (text) => {
        const answer = await agrees(text)
        if (answer) agreed++
        return answer !== false
      }),
      { numRuns: 3000 },
    )
    expect(agreed).toBeGreaterThan(500)
  })

  const LENGTH = 'HTTP/1.1 200 OK\r\nA: b\r\nContent-Length: 5\r\n\r\nhello'
  const CHUNKS =
    'HTTP/1.1 503 x y\r\nTransfer-Encoding: chunked\r\nX: y\r\n\r\n3;x="y";z\r\nhel\r\n02\r\nlo\r\n0\r\nSum: 1\r\nB: 2\r\n\r\n'
  test.each([
    ['a length', LENGTH],
    ['no body', 'HTTP/1.1 200\r\nContent-Length: 0\r\nConnection: keep-alive\r\n\r\n'],
    ['chunks', CHUNKS],
    ['HTTP/1.0', 'HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nKeep-Alive: timeout=5\r\nContent-Length: 1\r\n\r\nx'],
    ['a status that has no body', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n'],
    ['an end by closing', 'HTTP/1.1 200 OK\r\nX: y\r\n\r\nhello'],
  ])('with each single byte taken out, put in or replaced: %s', async (_, text) => {
    const differ: string[] = []
    let agreed = 0
    for (const damage of singleDamages(text)) {
      const answer = await agrees(damage)
      if (answer) agreed++
      else if (answer === false) differ.push(damage)
    }
    expect(differ).toEqual([])
    expect(agreed).toBeGreaterThan(isFull ? 1000 : 100)
  })
})

const isFull = process.env.TEST_BUDGET === 'full'
/** All of them, or those that mean something to a parser and every sixteenth. */
const BYTES = Array.from({ length: 256 }, (_, byte) => byte).filter(
  (byte) => isFull || byte % 16 === 0 || '\t\n\v\f\r ",:;=019AaFfx\x7f\x85\xa0'.includes(String.fromCharCode(byte)),
)

/** Every text that is one byte away: one less, one more, or another one. */
function* singleDamages(text: string): Generator<string> {
  for (let at = 0; at <= text.length; at++) {
    const [before, from, after] = [text.slice(0, at), text.slice(at), text.slice(at + 1)]
    yield before + after
    for (const byte of BYTES) {
      yield before + String.fromCharCode(byte) + from
      yield before + String.fromCharCode(byte) + after
    }
  }
}
