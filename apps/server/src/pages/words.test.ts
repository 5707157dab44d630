import { expect, it } from 'vitest'
import { fill, wordsIn } from './words.ts'

/** Every text with the path that leads to it. */
function leaves(value: unknown, path = ''): [string, string][] {
  if (typeof value === 'string') return [[path, value]]
  return Object.entries(value as object).flatMap(([key, inner]) => leaves(inner, `${path}.${key}`))
}

const placeholders = (text: string) => [...new Set(text.match(/\{\w+\}/g))].sort()
const [english, korean] = [leaves(wordsIn('en')), leaves(wordsIn('ko'))]

it('says in Korean all that it says in English', () => {
  expect(korean.map(([path]) => path)).toEqual(english.map(([path]) => path))
})

it('uses the same values in both languages', () => {
  const values = (all: typeof english) =>
    all.filter(([path]) => !path.startsWith('.advice')).map(([path, text]) => [path, placeholders(text)])
  expect(values(korean)).toEqual(values(english))
})

it('leaves no Korean text untranslated', () => {
  const names = new Set(['Redis', '{reason}', 'ko'])
  const untranslated = korean.filter(([, text]) => !names.has(text) && !/[가-힣]/.test(text))
  expect(untranslated).toEqual([])
})

it('shows a placeholder that has no value, instead of hiding the mistake', () => {
  expect(fill('{a} {b}', { a: '1' })).toBe('1 {b}')
})
