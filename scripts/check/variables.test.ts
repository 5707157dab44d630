import { expect, test } from 'vitest'
import { compare } from './variables.ts'

test('names a variable that is read but not listed, and one that is listed but not read', () => {
  const sides = {
    listed: new Set(['PORT', 'GONE']),
    read: new Set(['PORT', 'NEW']),
    composed: new Set(['PORT', 'NEW']),
  }
  expect(compare(sides)).toEqual(['.env.example does not list NEW', '.env.example lists GONE, which nothing reads'])
})

test('is content when both agree', () => {
  const all = new Set(['PORT'])
  expect(compare({ listed: all, read: all, composed: all })).toEqual([])
})

test('names a variable that compose would swallow, unless it could mean nothing in a container', () => {
  const all = new Set(['PORT', 'DRAIN_MS', 'TLS_KEY'])
  expect(compare({ listed: all, read: all, composed: new Set(['PORT']) })).toEqual([
    'deploy/compose/parts.yml does not pass on DRAIN_MS: set in .env, it would do nothing',
  ])
})
