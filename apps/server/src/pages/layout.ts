import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { Language } from './accept.ts'
import { Html, html } from './html.ts'
import { wordsIn } from './words.ts'

const STYLE = ['theme.css', 'parts.css', 'start.css'].map(asset).join('')
const SCRIPT = asset('start.js')

/**
 * The Content-Security-Policy of every page: this page's own style and script, by their hashes, and requests
 * to its own origin. Nothing is fetched from elsewhere, and markup that slipped in could run nothing.
 */
export const PAGE_POLICY = [
  `default-src 'none'`,
  `style-src '${digest(STYLE)}'`,
  `script-src '${digest(SCRIPT)}'`,
  `img-src data:`,
  `connect-src 'self'`,
  `form-action 'self'`,
  `base-uri 'none'`,
  `frame-ancestors 'none'`,
].join('; ')

/** What a page is made of besides its frame. */
export interface Page {
  language: Language
  title: string
  body: Html
  /** Links to the same page in each language; left out where the page has no address of its own. */
  languageLinks?: boolean
  /** Makes the forms answer in place. Without it, and without scripts, they work as plain forms. */
  script?: boolean
}

/** A whole document: one file, no other requests. */
export function layout(page: Page): string {
  const { labels } = wordsIn(page.language)
  return html`<!doctype html>
<html lang="${page.language}">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,">
<title>${page.title} · session-cluster</title>
<style>${new Html(STYLE)}</style>
<header><div><strong><a href="/">session-cluster</a></strong>${page.languageLinks ? languageLinks(page.language, labels.language) : undefined}</div></header>
<main>${page.body}</main>
${page.script ? html`<script>${new Html(SCRIPT)}</script>` : undefined}
</html>
`.markup
}

function languageLinks(current: Language, label: string): Html {
  const link = (language: Language, name: string) =>
    html`<a href="/?lang=${language}" lang="${language}" hreflang="${language}"${new Html(language === current ? ' aria-current="true"' : '')}>${name}</a>`
  return html`<nav aria-label="${label}">${link('en', 'English')}${link('ko', '한국어')}</nav>`
}

function asset(name: string): string {
  return readFileSync(new URL(name, import.meta.url), 'utf8')
}

function digest(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`
}
