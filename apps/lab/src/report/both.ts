import { isText, languages, say, type Words } from '../language.ts'
import { html, type Markup } from './markup.ts'

/** The words in every language, of which the page shows one. What reads the same everywhere is written once. */
export function both(words: Words): Markup {
  if (!isText(words)) return html`${say(words, 'en')}`
  return html`${languages.map((language) => html`<span lang="${language}">${words[language]}</span>`)}`
}
