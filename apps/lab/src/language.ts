/** The languages that every word of a report comes in. */
export const languages = ['en', 'ko'] as const
export type Language = (typeof languages)[number]

/** A sentence in every language: a missing translation does not compile. */
export type Text = { readonly [language in Language]: string }

/** A sentence, or something that reads the same everywhere: a number, a node's name, a command. */
export type Words = Text | string | number

/** Both languages of one sentence. */
export const text = (en: string, ko: string): Text => ({ en, ko })

/** True for a `Text`, so that one can be found among other JSON. */
export function isText(value: unknown): value is Text {
  if (typeof value !== 'object' || value === null || Object.keys(value).length !== languages.length) return false
  return languages.every((language) => typeof (value as Record<string, unknown>)[language] === 'string')
}

/** The words in one language. Numbers get thousands separators and at most three significant decimals. */
export function say(words: Words, language: Language): string {
  // JSON has no NaN: what could not be measured comes back from a file as null.
  if (typeof words === 'number' || words === null) return formatNumber(words ?? Number.NaN)
  return typeof words === 'string' ? words : words[language]
}

/** 12345.678 → `12,346`; 0.12345 → `0.123`; a minus is as wide as a plus. One form for tables, plots and the terminal. */
export function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return '–'
  const size = Math.abs(value)
  const digits = Number.isInteger(value) || size >= 1000 ? 0 : size >= 100 ? 1 : size >= 1 ? 2 : 3
  return value.toLocaleString('en-US', { maximumFractionDigits: digits, signDisplay: 'negative' }).replace('-', '−')
}

/** A copy of some JSON in which every `Text` has become its string in `language`. */
export function localise(value: unknown, language: Language): unknown {
  if (isText(value)) return value[language]
  if (Array.isArray(value)) return value.map((item) => localise(item, language))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, localise(item, language)]))
}
