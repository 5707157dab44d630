import type { Mode } from '../config.ts'
import type { MissingReason } from '../missing.ts'
import type { Params, RefusalCode } from '../refusal.ts'
import type { Language } from './accept.ts'
import { en } from './words-en.ts'
import { ko } from './words-ko.ts'

/** A headline and the sentence under it; `{name}` stands for a value. */
export interface Phrase {
  title: string
  detail: string
}

/** Everything that a reader reads, in one language. A missing word is a type error. */
export interface Words {
  language: Language
  refusals: Readonly<Record<RefusalCode, Phrase>>
  missing: Readonly<Record<Exclude<MissingReason, 'unknown-session'>, Phrase>> & {
    'unknown-session': Readonly<Record<Mode, Phrase>>
  }
  advice: Readonly<Record<Exclude<MissingReason, 'unknown-session'>, string>> & {
    'unknown-session': Readonly<Record<Mode, string>>
  }
  modes: Readonly<
    Record<Mode, { name: string; lesson: string; place: string; tries: readonly [string, string, string] }>
  >
  chain: {
    heading: string
    cookieAbsent: string
    cookieMalformed: string
    cookiePresent: string
    lookedMemory: string
    lookedRedis: string
    lookedNowhere: string
    foundNoSession: string
    foundExpired: string
    foundNoAttribute: string
  }
  labels: Readonly<Record<Label, string>>
}

type Label =
  | 'node'
  | 'cookie'
  | 'none'
  | 'malformed'
  | 'why'
  | 'next'
  | 'talking'
  | 'youAre'
  | 'sessionHeading'
  | 'atLoad'
  | 'again'
  | 'created'
  | 'accessed'
  | 'user'
  | 'anonymous'
  | 'storedAt'
  | 'lookUp'
  | 'copy'
  | 'copied'
  | 'found'
  | 'noSession'
  | 'tryHeading'
  | 'tryNote'
  | 'attribute'
  | 'save'
  | 'read'
  | 'readTen'
  | 'value'
  | 'login'
  | 'logout'
  | 'name'
  | 'cart'
  | 'item'
  | 'add'
  | 'show'
  | 'counter'
  | 'plusOne'
  | 'answers'
  | 'answersNote'
  | 'noAnswers'
  | 'clear'
  | 'thenHeading'
  | 'start'
  | 'skip'
  | 'language'
  | 'whoami'
  | 'attributes'
  | 'unreachable'
  | 'sessionIn'
  | 'neighbours'
  | 'balancer'

const ALL: Readonly<Record<Language, Words>> = { en, ko }

/** The words of a language. */
export function wordsIn(language: Language): Words {
  return ALL[language]
}

/** Puts values in the places of `{name}`. An unknown name is left as it stands, so that a mistake shows. */
export function fill(template: string, values: Params): string {
  return template.replace(/\{(\w+)\}/g, (whole, name: string) => values[name] ?? whole)
}
