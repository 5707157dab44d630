import type { Mode } from '@session-cluster/contract'
import type { MissingReason } from '../missing.ts'
import type { RefusalCode } from '../refusal.ts'
import type { Language } from './accept.ts'

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
