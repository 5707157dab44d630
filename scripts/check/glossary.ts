/** Whoever writes for learners uses the glossary's words, and none of those that it rules out. */
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** What learners read. A row of the table of claims quotes the tutorial, in the tutorial's words. */
const READ = [
  'README.md',
  'README.ko.md',
  'apps/console/web/src/i18n/en.ts',
  'apps/console/web/src/i18n/ko.ts',
  'apps/console/web/src/i18n/tour-en.ts',
  'apps/console/web/src/i18n/tour-ko.ts',
  'apps/server/src/pages/words-en.ts',
  'apps/server/src/pages/words-ko.ts',
  'scripts/demo/suggestions.ts',
  'docs/report/README.md',
  'docs/report/README.ko.md',
]

/** Where the lab's reports have their words from. */
const REPORTED = 'apps/lab/src/{broken,experiments,pictures,report}/*.ts'

/** A sentence in both languages, as the lab's sources write it; what `says` holds is the tutorial's own. */
const LITERAL = /'(?:\\.|[^'\\])*'|`(?:\\.|[^`\\])*`/.source
const SENTENCE = new RegExp(`(?<!\\bsays: )\\btext\\(\\s*(?:${LITERAL}),\\s*(?:${LITERAL})`, 'g')

/** One row of the glossary: the word in each language, and what is not to be said in its place. */
export interface Term {
  readonly english: string
  readonly korean: string
  readonly not: readonly string[]
}

/** The glossary's rows. */
export function termsOf(markdown: string): Term[] {
  return markdown
    .split('\n')
    .filter((line) => line.startsWith('| ') && !line.startsWith('| English'))
    .map((line) => {
      const [, english = '', korean = '', , not = ''] = line.split('|').map((cell) => cell.trim())
      return { english, korean, not: not.split(',').flatMap((word) => word.trim() || []) }
    })
}

/** Every line that says a word which the glossary rules out. */
export function wordFaults(name: string, text: string, terms: readonly Term[]): string[] {
  return text.split('\n').flatMap((line, index) => {
    if (/^\| \[[CX]\d/.test(line)) return []
    return terms.flatMap(({ korean, not }) =>
      not
        .filter((word) => says(line, word))
        .map((word) => `${name}:${index + 1}: ${word}; docs/glossary.md has ${korean}`),
    )
  })
}

/** Whether a line says the word. An English one as a word of a sentence, not as a name in code, in an address or in a placeholder. */
function says(line: string, word: string): boolean {
  return /^[a-z ]+$/i.test(word)
    ? new RegExp(`(?<![\\w.{/$-])${word}(?![\\w}:/-]|\\.\\w)`).test(line)
    : line.includes(word)
}

/** A source's sentences alone, each on its line. */
export function sentencesIn(source: string): string {
  let at = 0
  let sentences = ''
  for (const { index, 0: sentence } of source.matchAll(SENTENCE)) {
    sentences += source.slice(at, index).replace(/[^\n]+/g, '') + sentence
    at = index + sentence.length
  }
  return sentences
}

/** The faults of everything that learners read. */
export function glossaryFaults(root: string): string[] {
  const read = (name: string) => readFileSync(join(root, name), 'utf8')
  const terms = termsOf(read('docs/glossary.md'))
  return [
    ...READ.flatMap((name) => wordFaults(name, read(name), terms)),
    ...globSync(REPORTED, { cwd: root }).flatMap((name) => wordFaults(name, sentencesIn(read(name)), terms)),
  ]
}
