import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isLink } from './link.ts'

const numRuns = process.env.TEST_BUDGET === 'full' ? 5000 : 300

test.each([
  '</a.css>; rel=preload',
  '</a.css>; rel=preload, </b.js>; rel=preload',
  '</a>;rel="preload stylesheet";as=style',
  '</a>; title="one, two; \\"three\\""',
  "</a>; title*=UTF-8''%e2%82%ac",
  '</a>; crossorigin',
  '</font>; type=font/woff2; crossorigin=anonymous',
  ',, </a> ; rel = next ,',
  '<https://x.test/?a=b,c;d>; rel=preconnect',
  '<>; rel=self',
  '</caf\xe9>; title="caf\xe9"',
])('%s can be read', (value) => {
  expect(isLink(value)).toBe(true)
})

test.each([
  '',
  'nonsense',
  '/a; rel=preload',
  '</a',
  '</a b>; rel=x',
  '</a>; rel="x',
  '</a> rel=x',
  '</a>; =x',
  '</a>, b',
])('%j cannot', (value) => {
  expect(isLink(value)).toBe(false)
})

test('whatever the grammar of RFC 8288 makes can be read', () => {
  const token = fc.stringMatching(/^[!#$%&'*+.^_`|~\w-]{1,8}$/)
  const quoted = fc.stringMatching(/^(?:[ !#-[\]-~\x80-\xff]|\\["\\a]){0,8}$/).map((text) => `"${text}"`)
  const blanks = fc.stringMatching(/^[ \t]{0,2}$/)
  const param = fc
    .tuple(blanks, blanks, token, fc.option(fc.tuple(blanks, blanks, fc.oneof(token, quoted))))
    .map(([a, b, name, value]) => `${a};${b}${name}${value ? `${value[0]}=${value[1]}${value[2]}` : ''}`)
  const uri = fc.stringMatching(/^[\w:/?#[\]@!$&'()*+,;=.~%-]{0,12}$/)
  const link = fc
    .tuple(uri, fc.array(param, { maxLength: 3 }))
    .map(([target, params]) => `<${target}>${params.join('')}`)
  const list = fc
    .array(fc.tuple(blanks, link, blanks), { minLength: 1, maxLength: 3 })
    .map((links) => links.map((l) => l.join('')).join(','))
  fc.assert(
    fc.property(list, (value) => isLink(value)),
    { numRuns },
  )
})

test('what cannot be read is found out in linear time', () => {
  for (const piece of ['; ', ';\t ', '</a>;', ';a=', '"\\']) {
    const started = process.cpuUsage().user
    expect(isLink(`</a>${piece.repeat(8000)}"`)).toBe(false)
    expect(process.cpuUsage().user - started).toBeLessThan(2_000_000)
  }
})
