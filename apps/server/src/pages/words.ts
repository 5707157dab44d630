import type { Params } from '../refusal.ts'
import type { Language } from './accept.ts'
import { en } from './words-en.ts'
import { ko } from './words-ko.ts'
import type { Words } from './words-type.ts'

const ALL: Readonly<Record<Language, Words>> = { en, ko }

/** The words of a language. */
export function wordsIn(language: Language): Words {
  return ALL[language]
}

/** Puts values in the places of `{name}`. An unknown name is left as it stands, so that a mistake shows. */
export function fill(template: string, values: Params): string {
  return template.replace(/\{(\w+)\}/g, (whole, name: string) => values[name] ?? whole)
}
