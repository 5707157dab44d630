import { expect, test } from 'vitest'
import { sentencesIn, type Term, termsOf, wordFaults } from './glossary.ts'

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

test('takes an English word for a word of a sentence only', () => {
  const server: Term[] = [{ english: 'server', korean: '서버', not: ['node', 'Node {node}'] }]
  const faults = (line: string) => wordFaults('en.ts', line, server).length
  const names = [
    "  'why.node': '{node} answered',",
    "node: 'server',",
    'its own Node',
    'apps/node/a',
    'node_modules',
    'nodes',
  ]
  expect(names.map(faults)).toEqual(names.map(() => 0))
  expect(["'Node {node} answers'", 'the node’s port', 'ask another node, or', 'a node.'].map(faults)).toEqual([
    1, 1, 1, 1,
  ])
})

test('reads the sentences of the lab’s sources, not their code and not the tutorial’s own words', () => {
  const source =
    "// one node\nrow(node, text('another node', '다른 노드'))\nsays: text('a node', '노드')\ntext(\n  `no node of us`,\n '…',\n)"
  expect(sentencesIn(source)).toBe("\ntext('another node', '다른 노드'\n\ntext(\n  `no node of us`,\n '…'")
})
