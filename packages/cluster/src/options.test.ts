import { parseMode } from '@session-cluster/contract'
import { expect, test } from 'vitest'
import { nodeNames } from './options.ts'
import { readReady } from './ready.ts'

test('nodes are named a, b, c … or as given', () => {
  expect(nodeNames()).toEqual(['a', 'b', 'c'])
  expect(nodeNames(2)).toEqual(['a', 'b'])
  expect(nodeNames(['x', 'y-1'])).toEqual(['x', 'y-1'])
})

test.each([[0], [27], [1.5], [Number.NaN], [[]], [['a', 'a']], [['a b']], [['']]])('nodes %j are refused', (nodes) => {
  expect(() => nodeNames(nodes)).toThrow(TypeError)
})

test('an unknown mode is refused with the list of the valid ones, never replaced', () => {
  expect(() => parseMode('Sticky')).toThrow('MODE="Sticky" is unknown: use local, sticky, clustered, hybrid or redis')
  expect(parseMode('redis')).toBe('clustered')
})

test.each([
  ['{"level":30,"msg":"ready","url":"http://127.0.0.1:1","adminUrl":"http://127.0.0.1:2"}', true],
  ['{"level":30,"msg":"ready"}', false],
  ['{"msg":"not \\"ready\\"","url":"http://x","adminUrl":"http://y"}', false],
  ['"ready" but no JSON', false],
  ['', false],
])('the line %s is readiness: %s', (line, expected) => {
  expect(readReady(line) !== undefined).toBe(expected)
})
