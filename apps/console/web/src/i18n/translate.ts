import { en, type Key } from './en.ts'
import { ko } from './ko.ts'
import { tourEn } from './tour-en.ts'
import { tourKo } from './tour-ko.ts'

export const languages = ['en', 'ko'] as const
export type Language = (typeof languages)[number]

/** Every sentence by language. Each language has every key: the compiler and a test see to it. */
export const sentences: Readonly<Record<Language, Readonly<Record<string, string>>>> = {
  en: { ...en, ...tourEn },
  ko: { ...ko, ...tourKo },
}

export type Values = Readonly<Record<string, string | number>>

/** Fills in a sentence. */
export interface Translate {
  (key: Key, values?: Values): string
  /** For keys that the server sends; one that is not known comes back as it is. */
  readonly any: (key: string, values?: Values) => string
  readonly has: (key: string) => boolean
  readonly lang: Language
}

/** The sentences in one language. */
export function translator(lang: Language): Translate {
  const table = sentences[lang]
  const any = (key: string, values: Values = {}) =>
    (table[key] ?? key).replace(/\{(\w+)\}/g, (whole, name: string) => (name in values ? String(values[name]) : whole))
  return Object.assign((key: Key, values?: Values) => any(key, values), {
    any,
    has: (key: string) => key in table,
    lang,
  })
}

/** The visitor's language, of those that there are. */
export function preferredLanguage(wanted: readonly string[]): Language {
  for (const tag of wanted) {
    const base = tag.toLowerCase().split('-')[0]
    const found = languages.find((lang) => lang === base)
    if (found) return found
  }
  return 'en'
}
