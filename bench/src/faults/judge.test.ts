import { describe, expect, it } from 'vitest'
import { type Fault, type History, historyText, parseHistory, type Remains, type Visit } from './history.ts'
import { judge } from './judge.ts'

/** Operation, what was written or answered, status, and what else differs. */
type Step = readonly [Visit['operation'], string, number?, Partial<Visit>?]

const CLEAN: Remains = { keys: 1, forEver: [], half: [] }

/** One client's visits, one a second, with the cookie that a browser would have. */
function visitsOf(steps: readonly Step[], client = 'x'): Visit[] {
  let cookie = ''
  let ids = 0
  return steps.map(([operation, text, status = 200, more = {}], i): Visit => {
    const bore = more.bore ?? cookie
    const makes = status === 200 && (operation === 'login' || (bore === '' && operation !== 'logout'))
    const given = more.given ?? (makes ? `${client}-id${++ids}` : '')
    if (operation === 'logout' && status === 200) cookie = ''
    if (given !== '' && operation !== 'dead') cookie = given
    return {
      client,
      operation,
      argument: text,
      where: 'a',
      sentAt: i * 1000,
      doneAt: i * 1000 + 10,
      status,
      body: status === 0 ? '' : text || 'why',
      reason: status === 404 ? 'no-attribute' : '',
      hasRetryAfter: true,
      bore,
      given,
      ...more,
    }
  })
}

const historyOf = (visits: readonly Visit[], faults: readonly Fault[] = [], remains = CLEAN): History => ({
  seed: 1,
  visits,
  faults,
  remains,
})

const found = (...steps: readonly Step[]): string[] => judge(historyOf(visitsOf(steps))).map(({ what }) => what)

const gone = { reason: 'unknown-session' }
const ended = { reason: 'session-ended' }

describe('a history as it should be', () => {
  it.each<[string, readonly Step[]]>([
    [
      'refused changes never come, or came at once',
      [
        ['set', 'x-1'],
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
        ['add', 'x-6', 503],
        ['cart', '["x-4","x-6"]'],
      ],
    ],
    [
      'a login keeps the data and ends the old id; one that was refused may have, too',
      [
        ['set', 'x-1'],
        ['login', 'x'],
        ['get', 'x-1'],
        ['dead', '', 404, { bore: 'x-id1', ...gone }],
        ['login', 'x', 503],
        ['get', '', 404, gone],
        ['set', 'x-2', 200, { given: 'x-id9' }],
        ['get', 'x-2'],
      ],
    ],
    [
      'a login after one that was refused goes on with the session, or with a new one',
      [
        ['set', 'x-1'],
        ['login', 'x', 503],
        ['login', 'x'],
        ['get', 'x-1'],
        ['login', 'x', 503],
        ['login', 'x'],
        ['get', '', 404],
        ['set', 'x-2'],
        ['logout', ''],
        ['set', 'x-3'],
        ['count', '1'],
      ],
    ],
    [
      'what nobody answered may be made a while later',
      [
        ['set', 'x-1'],
        ['set', 'x-2', 0, { where: 'b' }],
        ['get', 'x-1', 200, { sentAt: 2_000, doneAt: 2_010 }],
        ['get', 'x-2', 200, { sentAt: 2_020, doneAt: 2_030 }],
      ],
    ],
    [
      'two tabs change at once',
      [
        ['count', '1'],
        ['count', '3', 200, { sentAt: 1_000, doneAt: 1_100 }],
        ['count', '2', 200, { sentAt: 1_000, doneAt: 1_110 }],
        ['counter', '3'],
        ['set', 'x-1', 200, { sentAt: 4_000, doneAt: 4_500 }],
        ['set', 'x-2', 200, { sentAt: 4_100, doneAt: 4_400 }],
        ['get', 'x-1'],
        ['login', 'x'],
        ['count', '', 409, { bore: 'x-id1', sentAt: 6_500, ...ended }],
      ],
    ],
  ])('has no violation: %s', (_, steps) => {
    const silent: Fault = { fault: 'a node is killed', from: 0, to: 60_000, silences: ['b'] }
    expect(judge(historyOf(visitsOf(steps), [silent]))).toEqual([])
  })

  it('is the same when it is read again', () => {
    const steps = visitsOf([
      ['set', 'x-1'],
      ['login', 'x'],
      ['get', 'ü "\n'],
    ])
    const history = historyOf(steps, [{ fault: 'f', from: 1, to: 2, silences: ['b'] }])
    expect(parseHistory(historyText(history))).toEqual(history)
  })
})

describe('what the judge finds', () => {
  it.each<[string, readonly Step[]]>([
    [
      'a value is back, or lost: x-1 and x-2',
      [
        ['set', 'x-1'],
        ['set', 'x-2'],
        ['get', 'x-1'],
      ],
    ],
    [
      'a value is back, or lost: x-2 and x-3',
      [
        ['set', 'x-1'],
        ['set', 'x-2', 503],
        ['set', 'x-3'],
        ['get', 'x-2'],
      ],
    ],
    [
      'a value is back, or lost: x-1 and x-2',
      [
        ['set', 'x-1'],
        ['set', 'x-2', 503],
        ['get', 'x-1'],
        ['get', 'x-2'],
      ],
    ],
    [
      'a value is back, or lost: (none) and x-1',
      [
        ['set', 'x-1'],
        ['get', '', 404],
      ],
    ],
    [
      'a value is back, or lost: (none) and x-1',
      [
        ['set', 'x-1'],
        ['login', 'x'],
        ['get', '', 404],
      ],
    ],
    [
      'a value that was never written to this session: x-1',
      [
        ['set', 'x-1'],
        ['logout', ''],
        ['count', '1'],
        ['get', 'x-1'],
      ],
    ],
    [
      'a value that was not written yet, or refused for good: x-1',
      [
        ['count', '1'],
        ['get', 'x-1'],
        ['set', 'x-1'],
      ],
    ],
    [
      'a value that was not written yet, or refused for good: x-1',
      [
        ['count', '1'],
        ['set', 'x-1', 409],
        ['get', 'x-1'],
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
      'a count that cannot be: 3, after 1 and 1 more',
      [
        ['count', '1'],
        ['count', '3'],
      ],
    ],
    [
      'a count that cannot be: 1, after 1 and 1 more',
      [
        ['count', '1'],
        ['count', '1'],
      ],
    ],
    [
      'a count that was given twice: 1',
      [
        ['count', '1'],
        ['count', '1'],
      ],
    ],
    [
      'a count that cannot be: 0, after 1 and 0 more',
      [
        ['count', '1'],
        ['counter', '', 404],
      ],
    ],
    [
      'a count that cannot be: 2, after 1 and 0 more',
      [
        ['count', '1'],
        ['count', '', 503],
        ['counter', '1'],
        ['counter', '2'],
      ],
    ],
    [
      'a count that cannot be: 2, after 1 and 0 more',
      [
        ['count', '1'],
        ['count', '', 409],
        ['counter', '2'],
      ],
    ],
    [
      'an item is lost: x-1',
      [
        ['add', 'x-1', 200, { body: '["x-1"]' }],
        ['cart', '[]'],
      ],
    ],
    [
      'an item is lost: x-1',
      [
        ['count', '1'],
        ['add', 'x-1', 503],
        ['cart', '["x-1"]'],
        ['cart', '[]'],
      ],
    ],
    [
      'an item that was refused is there: x-2',
      [
        ['count', '1'],
        ['add', 'x-2', 503],
        ['cart', '[]'],
        ['cart', '["x-2"]'],
      ],
    ],
    ['an item that was never put into this cart: x-3', [['add', 'x-2', 200, { body: '["x-2","x-3"]' }]]],
    [
      'an item that was not put in yet, or refused for good: x-3',
      [
        ['count', '1'],
        ['add', 'x-3', 409],
        ['cart', '["x-3"]'],
      ],
    ],
    ['an item that was not put in', [['add', 'x-2', 200, { body: '[]' }]]],
    [
      'an item that is there twice',
      [
        ['add', 'x-1', 200, { body: '["x-1"]' }],
        ['cart', '["x-1","x-1"]'],
      ],
    ],
    [
      'a session is there after it had ended (login, 200)',
      [
        ['set', 'x-1'],
        ['login', 'x'],
        ['dead', 'x-1', 200, { bore: 'x-id1' }],
      ],
    ],
    [
      'a session is there after it had ended (logout, 200)',
      [
        ['set', 'x-1'],
        ['logout', ''],
        ['dead', '', 404, { bore: 'x-id1' }],
      ],
    ],
    [
      'a session is there after it had ended (logout, 200)',
      [
        ['set', 'x-1'],
        ['logout', ''],
        ['count', '1', 200, { bore: 'x-id1', given: '' }],
      ],
    ],
    [
      'a session is there after it had ended (get, 404)',
      [
        ['set', 'x-1'],
        ['login', 'x', 503],
        ['get', '', 404, gone],
        ['get', 'x-1'],
      ],
    ],
    [
      'a session is gone that nobody ended',
      [
        ['set', 'x-1'],
        ['get', '', 404, gone],
      ],
    ],
    [
      'a session is gone that nobody ended',
      [
        ['set', 'x-1'],
        ['set', 'x-2', 200, { given: 'x-id9' }],
      ],
    ],
    [
      'a session is gone that nobody ended',
      [
        ['set', 'x-1'],
        ['count', '', 409, ended],
      ],
    ],
    [
      'a session is gone that nobody ended',
      [
        ['set', 'x-1'],
        ['login', 'x', 503],
        ['get', 'x-1'],
        ['get', '', 404, gone],
      ],
    ],
    ['an internal error', [['set', 'x-1', 500]]],
    ['a 503 without Retry-After', [['set', 'x-1', 503, { hasRetryAfter: false }]]],
    ['a 5xx without a text', [['set', 'x-1', 502, { body: '' }]]],
    ['a hang', [['set', 'x-1', 503, { doneAt: 30_000 }]]],
    ['no answer from a, which nothing was wrong with', [['set', 'x-1', 0]]],
    ['no answer from a, which nothing was wrong with', [['set', 'x-1', 502]]],
  ])('%s: %j', (what, steps) => {
    expect(found(...steps)).toContain(what)
  })

  it('an id that two clients have', () => {
    const [one, two] = [visitsOf([['set', 'x-1']]), visitsOf([['set', 'y-1', 200, { given: 'x-id1' }]], 'y')]
    expect(judge(historyOf([...one, ...two])).map(({ what }) => what)).toEqual(['an id that another client was given'])
  })

  it('keys in Redis that never expire, or hold half a session', () => {
    const remains = { keys: 2, forEver: ['k'], half: ['h'] }
    const found = judge(historyOf([], [], remains)).map(({ what }) => what)
    expect(found).toEqual(['a key that never expires: k', 'a key with half a session: h'])
  })
})
