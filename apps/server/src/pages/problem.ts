import { STATUS_CODES } from 'node:http'
import type { Missing } from '../missing.ts'
import { REFUSALS, type Refusal } from '../refusal.ts'
import { chain, missingValues } from './chain.ts'
import { type Html, html } from './html.ts'
import { layout } from './layout.ts'
import { fill } from './words.ts'
import type { Words } from './words-type.ts'

/** A refusal in words, before it becomes a page, JSON or text. */
export interface Problem {
  status: number
  code: string
  title: string
  detail: string
  /** What the reader may do next. */
  next?: string
  node: string
  missing?: Missing
}

/** A missing session or attribute in words: status 404. */
export function missingProblem(words: Words, missing: Missing): Problem {
  const { reason, mode, node } = missing
  const phrase = reason === 'unknown-session' ? words.missing[reason][mode] : words.missing[reason]
  const next = reason === 'unknown-session' ? words.advice[reason][mode] : words.advice[reason]
  const values = missingValues(missing)
  return {
    status: 404,
    code: reason,
    title: fill(phrase.title, values),
    detail: fill(phrase.detail, values),
    next,
    node,
    missing,
  }
}

/** Any other refusal in words. */
export function refusalProblem(words: Words, node: string, refusal: Refusal): Problem {
  const { title, detail } = words.refusals[refusal.code]
  const values = { node, ...refusal.params }
  const status = REFUSALS[refusal.code]
  return { status, code: refusal.code, title: fill(title, values), detail: fill(detail, values), node }
}

/** The problem as `application/problem+json` (RFC 9457), with the node and what it knows as extension members. */
export function problemJson(problem: Problem, requestId: string): string {
  const { status, code, title, detail, next, node, missing } = problem
  const type = `urn:session-cluster:problem:${code}`
  const known = missing && {
    mode: missing.mode,
    reason: missing.reason,
    cookie: missing.cookie,
    attribute: missing.attribute,
  }
  return `${JSON.stringify({ type, title, status, detail, next, node, ...known, requestId }, null, 2)}\n`
}

/** The problem as plain text, for a terminal. */
export function problemText(words: Words, problem: Problem): string {
  const { labels } = words
  const cookie = problem.missing && [`${labels.cookie}: ${cookieText(words, problem.missing)}`]
  const lines = [
    `${problem.status} ${problem.title}`,
    '',
    `${labels.node}: ${problem.node}`,
    ...(cookie ?? []),
    `${labels.why}: ${problem.detail}`,
    ...(problem.next === undefined ? [] : [`${labels.next}: ${problem.next}`]),
  ]
  return `${lines.join('\n')}\n`
}

/** The problem as a page. */
export function problemPage(words: Words, problem: Problem): string {
  const { labels, language } = words
  const body = html`
<div class="hero"><span class="badge big${problem.node.length > 2 ? ' long' : ''}" aria-hidden="true">${problem.node}</span>
<div><p class="eyebrow">${problem.status} ${STATUS_CODES[problem.status]} · ${labels.node} ${problem.node}</p><h1>${problem.title}</h1></div></div>
<section class="panel"><p>${problem.detail}</p>${problem.missing && about(words, problem.missing)}
${problem.next && html`<p class="next"><strong>${labels.next}</strong> · ${problem.next}</p>`}</section>
<p class="actions"><a class="button primary" href="/">${labels.start}</a></p>`
  return layout({ language, title: problem.title, body })
}

/** Which cookie came, masked: `JSESSIONID=…7f`, `JSESSIONID (none)`. */
export function cookieText({ labels }: Words, { cookie }: Missing): string {
  if (cookie.state === 'absent') return `${cookie.name} (${labels.none})`
  if (cookie.state === 'malformed') return `${cookie.name} (${labels.malformed})`
  return `${cookie.name}=${cookie.masked ?? '…'}`
}

function about(words: Words, missing: Missing): Html {
  return html`<h2 class="next">${words.chain.heading}</h2>${chain(words, missing)}`
}
