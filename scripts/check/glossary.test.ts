import { expect, test } from 'vitest'
import { termsOf, wordFaults } from './glossary.ts'

const terms = termsOf(`| English | Korean | what it means | not |
|---|---|---|---|
| server | 서버 | one of them | |
| affinity | 서버 고정 | sent back | 어피니티, 친화성 |
`)

test('reads the rows, and what each rules out', () => {
  expect(terms).toEqual([
    { english: 'server', korean: '서버', not: [] },
    { english: 'affinity', korean: '서버 고정', not: ['어피니티', '친화성'] },
  ])
})

test('names the line that says a word which is ruled out, and what to say', () => {
  expect(wordFaults('ko.ts', '서버 고정\n친화성 쿠키', terms)).toEqual([
    'ko.ts:2: 친화성; docs/glossary.md has 서버 고정',
  ])
})

test('lets the tutorial’s own sentences be', () => {
  expect(wordFaults('README.ko.md', '| [C2](x#c2) | 친화성 |', terms)).toEqual([])
})
