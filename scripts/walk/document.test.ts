import { expect, test } from 'vitest'
import { marked, matches, remarked, sessions } from './document.ts'

const readme = `
\`\`\`console
# MODE=sticky npm run demo, in another terminal
$ curl http://localhost:8000/a
one
two

$ curl http://localhost:8000/b
three
\`\`\`
<!-- table -->
| a |
<!-- /table -->
`

test('reads the commands of a mode with the output shown for each', () => {
  expect(sessions(readme).get('sticky')).toEqual([
    { line: 'curl http://localhost:8000/a', expected: 'one\ntwo' },
    { line: 'curl http://localhost:8000/b', expected: 'three' },
  ])
})

test.each([
  ['Saved: password', 'Saved: password\n', true],
  ['Saved: password', 'Saved: other', false],
  ['node … (…7f)', 'node b (…)(…7f)', true],
  ['a.c', 'abc', false],
  ['a', 'a\nb', false],
])('matches %j against %j: %s', (expected, output, verdict) => {
  expect(matches(expected, output)).toBe(verdict)
})

test('finds and replaces what stands between two marks', () => {
  expect(marked(readme, 'table')).toBe('| a |')
  expect(marked(remarked(readme, 'table', '| b |'), 'table')).toBe('| b |')
  expect(marked(remarked(remarked(readme, 'table', ''), 'table', '| $1 |'), 'table')).toBe('| $1 |')
  expect(() => marked(readme, 'gone')).toThrow('gone')
})
