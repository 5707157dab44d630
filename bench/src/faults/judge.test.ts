import { expect, it } from 'vitest'
import type { Visit } from './history.ts'
import { judge } from './judge.ts'

type Step = readonly [Visit['operation'], string, number?, Partial<Visit>?]

/** A client's visits as words: operation, argument or answer, status. One a second. */
function history(steps: readonly Step[]) {
  const visits = steps.map(
    ([operation, text, status = 200, more = {}], i): Visit => ({
      client: 'x',
      isShared: false,
      operation,
      argument: text,
      where: 'a',
      sentAt: i * 1000,
      doneAt: i * 1000 + 10,
      status,
      body: text || 'why',
      hasRetryAfter: true,
      isFresh: i === 0,
      ...more,
    }),
  )
  return { seed: 1, visits, faults: [] }
}

const faults = (...steps: readonly Step[]) => judge(history(steps)).map(({ what }) => what)

it('finds nothing in a history as it should be', () => {
  expect(
    faults(
      ['set', 'x-1'],
      ['get', 'x-1'],
      ['set', 'x-2', 503],
      ['get', 'x-2'],
      ['set', 'x-3', 503],
      ['get', 'x-2'],
      ['count', '1'],
      ['count', '', 503],
      ['count', '3'],
      ['add', 'x-4', 200, { body: '["x-4"]' }],
      ['add', 'x-5', 503],
      ['cart', '["x-4"]'],
      ['login', 'x'],
      ['dead', '', 404],
      ['login', 'x', 503],
      ['get', '', 404],
      ['set', 'x-6', 200, { isFresh: true }],
      ['logout', ''],
      ['set', 'x-7', 200, { isFresh: true }],
      ['set', 'x-8', 0],
      ['get', 'x-7', 200, { doneAt: 20_100 }],
      ['get', 'x-8', 200, { doneAt: 20_200 }],
      ['login', 'x', 503],
      ['login', 'x'],
      ['get', '', 404],
    ),
  ).toEqual([])
})

it.each<[string, readonly Step[]]>([
  [
    'a value that it cannot have (may be: x-2)',
    [
      ['set', 'x-1'],
      ['set', 'x-2'],
      ['get', 'x-1'],
    ],
  ],
  [
    'a value that it cannot have (may be: x-3)',
    [
      ['set', 'x-1'],
      ['set', 'x-2', 503],
      ['set', 'x-3'],
      ['get', 'x-2'],
    ],
  ],
  [
    'a value that it cannot have (may be: x-1)',
    [
      ['set', 'x-1'],
      ['set', 'x-2', 503],
      ['get', 'x-1'],
      ['get', 'x-2'],
    ],
  ],
  [
    'a value of another client',
    [
      ['set', 'y-1'],
      ['get', 'y-1'],
    ],
  ],
  [
    'an acknowledged value is lost',
    [
      ['set', 'x-1'],
      ['get', '', 404],
    ],
  ],
  [
    'a fresh session in place of a live one',
    [
      ['set', 'x-1'],
      ['set', 'x-2', 200, { isFresh: true }],
    ],
  ],
  [
    'an acknowledged value is lost',
    [
      ['set', 'x-1'],
      ['login', 'x', 503],
      ['get', 'x-1'],
      ['get', '', 404],
    ],
  ],
  [
    'a count that it cannot have (may be: 1)',
    [
      ['count', '1'],
      ['count', '3'],
    ],
  ],
  [
    'a count that it cannot have (may be: 1)',
    [
      ['count', '1'],
      ['count', '1'],
    ],
  ],
  [
    'an acknowledged item is lost: x-1',
    [
      ['add', 'x-1', 200, { body: '["x-1"]' }],
      ['cart', '[]'],
    ],
  ],
  [
    'an item that was refused, or never added: x-2',
    [
      ['add', 'x-2', 503],
      ['cart', '[]'],
      ['cart', '["x-2"]'],
    ],
  ],
  [
    'an item that is there twice',
    [
      ['add', 'x-1', 200, { body: '["x-1"]' }],
      ['cart', '["x-1","x-1"]'],
    ],
  ],
  [
    'a cookie that was ended opens a session',
    [
      ['set', 'x-1'],
      ['dead', 'x-1'],
    ],
  ],
  ['an internal error', [['set', 'x-1', 500]]],
  ['a 503 without Retry-After', [['set', 'x-1', 503, { hasRetryAfter: false }]]],
  ['a 5xx without a text', [['set', 'x-1', 502, { body: '' }]]],
  ['a hang', [['set', 'x-1', 503, { doneAt: 30_000 }]]],
  [
    'a count that was given twice',
    [
      ['count', '1', 200, { isShared: true }],
      ['count', '1', 200, { isShared: true }],
    ],
  ],
  [
    'a final count that cannot be: 2 acknowledged, 0 unsure',
    [
      ['count', '1', 200, { isShared: true }],
      ['count', '2', 200, { isShared: true }],
      ['counter', '1', 200, { isShared: true }],
    ],
  ],
])('finds: %s', (what, steps) => {
  expect(faults(...steps)).toContain(what)
})
