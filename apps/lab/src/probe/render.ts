import { html } from '../report/markup.ts'
import type { Facts } from './exchange.ts'
import type { Finding } from './finding.ts'

const marks = { good: 'good   ', bad: 'BAD    ', note: 'note   ', unclear: 'unclear' } as const

/** The findings for a terminal: the verdict in a word, never by colour. */
export function text({ target, history }: Facts, found: readonly Finding[]): string {
  const bad = found.filter(({ verdict }) => verdict === 'bad').length
  const lines = found.flatMap(({ verdict, says, why, where }) => [
    `${marks[verdict]}  ${clean(says)}`,
    `         ${clean(why)} (${where})`,
  ])
  return [`${clean(target)}: ${history.length} requests, ${bad} bad`, '', ...lines, ''].join('\n')
}

/** What a server says of itself must not move the terminal's cursor. */
function clean(words: string): string {
  return words.replaceAll(/\p{Cc}/gu, '?')
}

/** The findings as one HTML file that needs no network. */
export function page({ target, history }: Facts, found: readonly Finding[]): string {
  const rows = found.map(
    ({ verdict, says, why, where }) =>
      html`<tr><th scope="row">${verdict}</th><td>${says}</td><td>${why}</td><td>${where}</td></tr>`,
  )
  return html`<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Sessions of ${target}</title>
<style>:root{color-scheme:light dark}body{font:1rem/1.5 system-ui;max-width:70rem;margin:2rem auto;padding:0 1rem}table{border-collapse:collapse}td,th{border:1px solid;padding:.4rem .6rem;text-align:left;vertical-align:top;overflow-wrap:anywhere}</style>
<h1>Sessions of ${target}</h1><p>${history.length} requests</p>
<table><thead><tr><th>verdict</th><th>what was found</th><th>why it matters</th><th>explained in</th></tr></thead><tbody>${rows}</tbody></table></html>
`.source
}
