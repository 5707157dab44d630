import type { Step } from '@session-cluster/balancer'
import { describe, expect, it } from 'vitest'
import { languages, translator } from '../web/src/i18n/translate.ts'
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
const pinned = { key: 'affinity.pinned', cookie: 'AFFINITY', upstream: 'b' } as const
const pick = (how: 'picked' | 'repicked' | 'retried', upstream: string) =>
  ({ key: `pick.${how}`, upstream, policy: 'round-robin' }) as const
const keys = (input: WhyInput) => why(input).map(({ key }) => key)

describe('why', () => {
  it('tells the whole chain of a session that died with its node', () => {
    const decisions: WhyInput['decisions'] = [
      {
        upstream: 'c',
        steps: [pinned, { key: 'state.down', upstream: 'b' }, pick('repicked', 'c')],
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
    const decisions: WhyInput['decisions'] = [
      { upstream: 'b', steps: [pinned] },
      { upstream: 'c', steps: [pinned, pick('retried', 'c')] },
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
    const decisions: WhyInput['decisions'] = [
      { upstream: 'b', steps: [pinned] },
      {
        upstream: 'a',
        steps: [pinned, { key: 'met.refused', upstream: 'b' }, pick('retried', 'a')],
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
    const decisions: WhyInput['decisions'] = [{ upstream: 'c', steps: [{ key: 'other', words: 'a new reason' }] }]
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

/** One of each reason that the balancer can give. A new one does not compile before it is here, and does not pass before it has words. */
const reasons: { readonly [K in Step['key']]: Extract<Step, { key: K }> | Step } = {
  'affinity.none': { key: 'affinity.none' },
  'affinity.pinned': pinned,
  'affinity.unknown': { key: 'affinity.unknown', cookie: 'AFFINITY' },
  'affinity.unrouted': { key: 'affinity.unrouted', cookie: 'JSESSIONID' },
  'state.up': { key: 'state.up', upstream: 'b' },
  'state.down': { key: 'state.down', upstream: 'b' },
  'state.ejected': { key: 'state.ejected', upstream: 'b' },
  'state.draining': { key: 'state.draining', upstream: 'b' },
  'state.maintenance': { key: 'state.maintenance', upstream: 'b' },
  'state.leaving': { key: 'state.leaving', upstream: 'b' },
  'state.full': { key: 'state.full', upstream: 'b' },
  strict: { key: 'strict', upstream: 'b' },
  'met.refused': { key: 'met.refused', upstream: 'b' },
  'met.unreachable': { key: 'met.unreachable', upstream: 'b' },
  'met.died': { key: 'met.died', upstream: 'b' },
  'met.status': { key: 'met.status', upstream: 'b', status: 503 },
  'pick.picked': pick('picked', 'b'),
  'pick.repicked': pick('repicked', 'b'),
  'pick.retried': pick('retried', 'b'),
  'pick.none': { key: 'pick.none' },
  'pick.full': { key: 'pick.full' },
  other: { key: 'other', words: 'a reason of your own' },
}

describe.each(languages)('every reason of the balancer, in %s', (lang) => {
  const t = translator(lang)

  it.each(Object.values(reasons))('$key has words, with everything filled in', (step) => {
    const [told] = why({ ...base, cookie: undefined, decisions: [{ upstream: 'b', steps: [step] }] }).slice(1)
    expect(t.has(`why.${told?.key}`), told?.key).toBe(true)
    const words = `${t.any(`why.${told?.key}`, { ...told?.values, text: told?.raw ?? '' })} ${t.any(`why.${told?.key}.note`, told?.values)}`
    expect(words).not.toMatch(/[{}]/)
  })
})
