import { describe, expect, it } from 'vitest'
import { translator } from '../i18n/translate.ts'
import { told } from './trouble.ts'

const [en, ko] = [translator('en'), translator('ko')]

describe('a trouble', () => {
  it('is told in the language that the page is read in now', () => {
    const refused = { reason: 'no-redis' }
    expect([told(refused, en), told(refused, ko)]).toEqual([en('disabled.no-redis'), ko('disabled.no-redis')])
    const failed = { failure: 'sticky: busy' }
    expect(told(failed, en)).toBe(en('do.failed', { reason: en('disabled.busy') }))
    expect(told(failed, ko)).toBe(ko('do.failed', { reason: ko('disabled.busy') }))
  })

  it('says in the page’s own words that nobody answered, and that there is no further user', () => {
    for (const reason of ['server-away', 'no-names'] as const)
      expect(told({ failure: reason }, ko)).toBe(ko('do.failed', { reason: ko(`disabled.${reason}`) }))
  })

  it('keeps the server’s words where there is no sentence for them', () => {
    expect(told({ failure: 'sticky: node b does not run' }, en)).toContain('sticky: node b does not run')
  })
})
