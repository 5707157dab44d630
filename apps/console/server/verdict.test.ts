import { describe, expect, it } from 'vitest'
import { firstVerdict, searched } from './verdict.ts'
import type { Answer } from './visit.ts'

const answer = (status: number, body = ''): Answer => ({ ok: true, status, body, headers: {}, setCookies: [], ms: 1 })
const held = { cookie: 'c', token: 't' }

describe('firstVerdict', () => {
  it('calls the right token found', () => {
    expect(firstVerdict('open', held, answer(200, 't\n'), false)).toBe('found')
  })

  it('calls another token, or none, unknown until the other nodes were asked', () => {
    expect(firstVerdict('open', held, answer(200, 'someone else'), false)).toBe('unknown')
    expect(firstVerdict('open', held, answer(404, 'no session'), false)).toBe('unknown')
  })

  it('says nothing of a session when there is no cookie', () => {
    expect(firstVerdict('open', {}, answer(404), false)).toBe('none')
    expect(firstVerdict('write', {}, answer(200), true)).toBe('fresh')
  })

  it('keeps errors apart from losses', () => {
    expect(firstVerdict('open', held, answer(503), false)).toBe('error')
    expect(firstVerdict('open', held, { ok: false, reason: 'timeout', ms: 1 }, false)).toBe('error')
    expect(firstVerdict('login', {}, { ok: false, reason: 'refused', ms: 1 }, false)).toBe('error')
  })

  it('sees in a new cookie that a write was not known', () => {
    expect(firstVerdict('write', held, answer(200), false)).toBe('found')
    expect(firstVerdict('write', held, answer(200), true)).toBe('unknown')
    expect(firstVerdict('count', held, answer(409), false)).toBe('unknown')
  })

  it('calls a login fresh and a refused forgery none', () => {
    expect(firstVerdict('login', held, answer(200), true)).toBe('fresh')
    expect(firstVerdict('forge', { cookie: 'x' }, answer(404), false)).toBe('none')
    expect(firstVerdict('forge', { cookie: 'stolen' }, answer(200, 'secret'), false)).toBe('found')
  })
})

describe('searched', () => {
  it('is a miss while another node has it', () => {
    expect(
      searched(
        [
          { node: 'a', says: 'has' },
          { node: 'b', says: 'has-not' },
        ],
        undefined,
      ),
    ).toEqual({ outcome: 'miss', holder: 'a' })
  })

  it('is lost when every node denies it', () => {
    expect(
      searched(
        [
          { node: 'a', says: 'has-not' },
          { node: 'c', says: 'has-not' },
        ],
        undefined,
      ),
    ).toEqual({ outcome: 'lost' })
  })

  it('gives a silent home the benefit of the doubt, but no other silent node', () => {
    const testimony = [
      { node: 'a', says: 'has-not' },
      { node: 'b', says: 'silent' },
    ] as const
    expect(searched(testimony, 'b')).toEqual({ outcome: 'miss', holder: 'b' })
    expect(searched(testimony, undefined)).toEqual({ outcome: 'lost' })
    expect(searched(testimony, 'a')).toEqual({ outcome: 'lost' })
  })
})
