import { describe, expect, it } from 'vitest'
import { acceptedForm, acceptedLanguage } from './accept.ts'

describe('acceptedForm', () => {
  it.each([
    [undefined, 'text'],
    ['*/*', 'text'],
    ['text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8', 'html'],
    ['application/json', 'json'],
    ['application/json, text/plain, */*', 'json'],
    ['application/problem+json', 'json'],
    ['text/plain', 'text'],
    ['application/json;q=0.5, text/html;q=0.9', 'html'],
    ['text/html;q=0, */*', 'text'],
    ['TEXT/HTML', 'html'],
    ['text/html;q=nonsense, application/json', 'json'],
    [';;;,,,', 'text'],
  ])('for Accept: %s is %s', (header, form) => {
    expect(acceptedForm(header)).toBe(form)
  })
})

describe('acceptedLanguage', () => {
  it.each([
    [undefined, 'en'],
    ['*', 'en'],
    ['ko', 'ko'],
    ['ko-KR,ko;q=0.9,en;q=0.8', 'ko'],
    ['en-US,ko;q=0.9', 'en'],
    ['fr,ko;q=0.5', 'ko'],
    ['fr', 'en'],
    ['ko;q=0', 'en'],
    ['kok', 'en'],
  ])('for Accept-Language: %s is %s', (header, language) => {
    expect(acceptedLanguage(header)).toBe(language)
  })
})
