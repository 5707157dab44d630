import { describe, expect, it } from 'vitest'
import type { Attempt } from './client.ts'
import { firstVerdict, searched } from './verdict.ts'

const answer = (status: number, body = ''): Attempt => ({
  ok: true,
  answer: { status, body, headers: {}, node: 'a' },
  ms: 1,
})
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
  const nobody = () => false
  const is = (node: string) => (other: string) => node === other

  it('is a miss while another node has it', () => {
    const testimony = [
      { node: 'a', says: 'has' },
      { node: 'b', says: 'has-not' },
      { node: 'c', says: 'unreadable' },
    ] as const
    expect(searched(testimony, nobody)).toEqual({ outcome: 'miss', holder: 'a' })
  })

  it('is lost when every node denies it', () => {
    const testimony = [
      { node: 'a', says: 'has-not' },
      { node: 'c', says: 'has-not' },
    ] as const
    expect(searched(testimony, nobody)).toEqual({ outcome: 'lost' })
  })

  it('is unreadable, not lost, when a node knows the session and none can read it', () => {
    const testimony = [
      { node: 'a', says: 'unreadable' },
      { node: 'c', says: 'has-not' },
    ] as const
    expect(searched(testimony, nobody)).toEqual({ outcome: 'unreadable' })
  })

  it('gives a silent node that may hold it the benefit of the doubt, and no other', () => {
    const testimony = [
      { node: 'a', says: 'has-not' },
      { node: 'b', says: 'silent' },
    ] as const
    expect(searched(testimony, is('b'))).toEqual({ outcome: 'miss', holder: 'b' })
    expect(searched(testimony, nobody)).toEqual({ outcome: 'lost' })
    expect(searched(testimony, is('a'))).toEqual({ outcome: 'lost' })
  })
})
