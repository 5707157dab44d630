import { describe, expect, it } from 'vitest'
import { mask, type WhyInput, why } from './why.ts'

const base: WhyInput = {
  cookieName: 'JSESSIONID',
  cookie: '…7f',
  decisions: [],
  node: 'c',
  shared: false,
  outcome: 'found',
  status: 200,
}
const session = {
  cookie: 'present',
  maskedCookie: '…7f',
  outcome: 'unknown',
  storeCommands: 0,
  storeRoundTrips: 0,
  storeMs: 0,
}
const keys = (input: WhyInput) => why(input).map(({ key }) => key)

describe('why', () => {
  it('tells the whole chain of a session that died with its node', () => {
    const decisions = [
      {
        requestId: '1',
        upstream: 'c',
        attempt: 1,
        reason: 'repicked',
        why: ['cookie AFFINITY: pinned to b', 'b is down', 'repicked c by round robin'],
      },
    ]
    const steps = why({ ...base, decisions, session, outcome: 'lost', status: 404, home: 'b' })
    expect(steps.map(({ key }) => key)).toEqual([
      'cookie.sent',
      'affinity.pinned',
      'state.down',
      'pick.repicked',
      'memory.missing',
      'gone.home',
    ])
    expect(steps[1]).toMatchObject({ values: { node: 'b', name: 'AFFINITY' }, raw: 'cookie AFFINITY: pinned to b' })
    expect(steps.filter(({ bad }) => bad).map(({ key }) => key)).toEqual(['state.down', 'memory.missing', 'gone.home'])
  })

  it('says which node failed before another was tried, and affinity only once', () => {
    const line = 'cookie AFFINITY: pinned to b'
    const decisions = [
      { requestId: '1', upstream: 'b', attempt: 1, reason: 'pinned', why: [line] },
      { requestId: '1', upstream: 'c', attempt: 2, reason: 'retried', why: [line, 'retried c by round robin'] },
    ]
    expect(keys({ ...base, decisions })).toEqual([
      'cookie.sent',
      'affinity.pinned',
      'failed',
      'pick.retried',
      'node.answered',
    ])
  })

  it('tells how a node failed in the balancer’s words, once', () => {
    const line = 'cookie AFFINITY: pinned to b'
    const decisions = [
      { requestId: '1', upstream: 'b', attempt: 1, reason: 'pinned', why: [line] },
      {
        requestId: '1',
        upstream: 'a',
        attempt: 2,
        reason: 'retried',
        why: [line, 'b refused the connection', 'retried a by round robin'],
      },
    ]
    expect(keys({ ...base, decisions })).toEqual([
      'cookie.sent',
      'affinity.pinned',
      'met.refused',
      'pick.retried',
      'node.answered',
    ])
  })

  it('keeps a sentence that it does not know in the balancer’s own words', () => {
    const decisions = [{ requestId: '1', upstream: 'c', attempt: 1, reason: 'picked', why: ['a new reason'] }]
    expect(why({ ...base, decisions })[1]).toEqual({ key: 'raw', raw: 'a new reason' })
  })

  it('tells an overwritten cookie from one whose session is gone', () => {
    const created = { ...session, outcome: 'created' }
    expect(keys({ ...base, session: created, outcome: 'miss', holder: 'a', overwrote: true })).toEqual([
      'cookie.sent',
      'memory.missing',
      'session.created',
      'holder',
      'overwrote',
    ])
    expect(keys({ ...base, session, outcome: 'lost', overwritten: true }).at(-1)).toBe('overwritten')
    expect(keys({ ...base, session, outcome: 'lost' }).at(-1)).toBe('gone.all')
  })

  it('names the cookie that was forged, and not another one', () => {
    const forged = { name: 'AFFINITY', id: '…fg' }
    expect(why({ ...base, forged }).slice(0, 2)).toEqual([
      { key: 'cookie.sent', values: { name: 'JSESSIONID', id: '…7f' } },
      { key: 'cookie.forged', values: forged },
    ])
    const own = { name: 'JSESSIONID', id: '…id' }
    expect(why({ ...base, forged: own })[0]).toEqual({ key: 'cookie.forged', values: own })
  })

  it('says that a session is there although there was nothing to answer with', () => {
    const held = { ...session, outcome: 'found' }
    expect(keys({ ...base, session: held, status: 404 })).toEqual(['cookie.sent', 'memory.found', 'session.empty'])
    expect(keys({ ...base, session: held })).toEqual(['cookie.sent', 'memory.found'])
  })

  it('blames the balancer when no node answered, and the connection when nobody did', () => {
    const { node: _, ...nobody } = base
    expect(keys({ ...nobody, status: 503, outcome: 'error' })).toEqual(['cookie.sent', 'balancer.answered'])
    expect(keys({ ...nobody, status: 0, failure: 'timeout', outcome: 'error' }).at(-1)).toBe('failure.timeout')
  })
})

describe('mask', () => {
  it('shows the last two characters and never more', () => {
    expect(mask('abcdefgh7f')).toBe('…7f')
    expect(mask('YWJj%3D%3D')).toBe('…Jj')
    expect(mask('%')).toBe('…%')
  })
})
