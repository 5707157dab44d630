import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { EncodedFields, milliseconds, oneField, oneWord } from './query.ts'

const query = (encoded: string, body?: string) => ({
  query: new EncodedFields(encoded),
  body: body === undefined ? undefined : new EncodedFields(body),
})

describe('oneField', () => {
  it('brings every text back exactly as URLSearchParams wrote it', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (value) => {
        expect(oneField(query(new URLSearchParams({ q: value, other: 'x' }).toString()), 'q')).toBe(value)
      }),
    )
  })

  it.each([
    ['q=', ''],
    ['q', ''],
    ['q=a+b', 'a b'],
    ['q=a%2Bb', 'a+b'],
    ['q=%0D%0A', '\r\n'],
    ['q=a=b', 'a=b'],
    ['&&q=1&', '1'],
    ['q=%3Cscript%3E', '<script>'],
    ['%71=x', 'x'],
    ['__proto__=1&q=2', '2'],
  ])('reads %s as %j', (encoded, value) => {
    expect(oneField(query(encoded), 'q')).toBe(value)
  })

  it.each([
    ['', 'field-missing'],
    ['p=1', 'field-missing'],
    ['q=1&q=2', 'field-repeated'],
    ['q=%FF', 'not-utf8'],
    ['q=%', 'not-utf8'],
    ['q=%ED%A0%80', 'not-utf8'],
    ['q=1&other=%C0%80', 'not-utf8'],
  ])('refuses %j with 400 %s', (encoded, code) => {
    expect(() => oneField(query(encoded), 'q')).toThrow(expect.objectContaining({ code, statusCode: 400 }))
  })

  it('reads a form as it reads a query, and refuses a value that comes in both', () => {
    expect(oneField(query('', 'q=1'), 'q')).toBe('1')
    expect(() => oneField(query('q=1', 'q=1'), 'q')).toThrow(expect.objectContaining({ code: 'field-repeated' }))
  })
})

describe('oneWord', () => {
  it.each(['', 'abcd'])('refuses %j when 1 to 3 characters are allowed', (value) => {
    expect(() => oneWord(query(`q=${value}`), 'q', 3)).toThrow(expect.objectContaining({ code: 'field-length' }))
  })
})

describe('milliseconds', () => {
  it('reads 0 and the bound', () => {
    expect([milliseconds(query('ms=0'), 'ms', 9), milliseconds(query('ms=9'), 'ms', 9)]).toEqual([0, 9])
  })

  it.each(['10', '-1', '1.5', 'x', '', '1e1', '99999999999'])('refuses %j when 0 to 9 are allowed', (value) => {
    expect(() => milliseconds(query(`ms=${value}`), 'ms', 9)).toThrow(
      expect.objectContaining({ code: 'field-milliseconds' }),
    )
  })
})
