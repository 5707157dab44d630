import { expect, test } from 'vitest'
import { jsonText, markdown } from './result.ts'

test('raw rounds stay readable: a list of numbers is one line, and the JSON means the same', () => {
  const json = { environment: { cpu: 'x' }, rounds: { a: { read: [1.5, -2, 3e-7] } }, none: [], text: ['a', 'b'] }
  const text = jsonText(json)
  expect(JSON.parse(text)).toEqual(json)
  expect(text).toContain('"read": [1.5, -2, 3e-7]')
})

test('the tables stand above the machine that they were measured on', () => {
  const json = { environment: { cpu: 'EPYC', versions: { nginx: '1.22.1', fastify: '5' } } }
  expect(markdown('balancer', { text: 'table', json })).toBe(
    '# balancer\n\n```text\ntable\n```\n\n## Where and when\n\n- cpu: EPYC\n- versions: nginx 1.22.1, fastify 5\n',
  )
})
