import type { Mode } from '@session-cluster/contract'
import type { Missing } from '../missing.ts'
import { chain, missingValues } from './chain.ts'
import { forms } from './forms.ts'
import { Html, html } from './html.ts'
import { layout } from './layout.ts'
import { fill } from './words.ts'
import type { Words } from './words-type.ts'

/** What the node knows about the client's session when it makes the start page. */
export interface Standing {
  node: string
  mode: Mode
  cookieName: string
  /** The same page as the rest of the cluster shows it; the one that the reader looks at is `here`. */
  neighbours: readonly { name: string; url: string; port: number; here: boolean }[]
  /** The session, when there is one. Times in epoch milliseconds. */
  session?: {
    maskedId: string
    createdAt: number
    lastAccessedAt: number
    user?: string
    attributes: readonly string[]
    /** The key in Redis and the line that shows it; absent when the session lives in memory. */
    stored?: { key: string; command: string }
  }
  /** Why there is none. */
  missing?: Missing
}

/** The start page: who answered, what it knows of you, and a form for everything that the node does. */
export function startPage(words: Words, standing: Standing): string {
  const { labels, language, modes } = words
  const { lesson, tries } = modes[standing.mode]
  const body = html`
<a class="skip" href="#forms">${labels.skip}</a>
<div class="hero"><span class="badge big${standing.node.length > 2 ? ' long' : ''}" aria-hidden="true">${standing.node}</span>
<div><p class="eyebrow">${labels.talking}</p><h1>${fill(labels.youAre, { node: standing.node })}</h1>
<p><strong>${modes[standing.mode].name}.</strong> ${lesson}</p></div></div>
${neighbours(words, standing)}
<section class="panel" aria-labelledby="session"><div class="head"><h2 id="session">${fill(labels.sessionHeading, { node: standing.node })}</h2>${pill(words, standing)}<small>${labels.atLoad} · <a href="/?lang=${language}">${labels.again}</a></small></div>
${standing.session ? facts(words, standing, standing.session) : standing.missing && absence(words, standing.missing)}</section>
<div class="bench"><section class="panel" id="forms" aria-labelledby="try"><div class="head"><h2 id="try">${labels.tryHeading}</h2><small>${labels.tryNote}</small></div>${forms(words)}</section>
${answers(words)}</div>
<section class="panel" aria-labelledby="then"><div class="head"><h2 id="then">${labels.thenHeading}</h2></div>
<ol class="tries">${tries.map((line) => html`<li>${line}</li>`)}</ol></section>`
  const title = fill(labels.youAre, { node: standing.node })
  return layout({ language, title, body, languageLinks: true, script: true })
}

/** What the tutorial does by typing another port. */
function neighbours({ labels }: Words, standing: Standing): Html | undefined {
  if (standing.neighbours.length === 0) return undefined
  const links = standing.neighbours.map(({ name, url, port, here }) => {
    const shown = name === 'balancer' ? labels.balancer : fill(labels.youAre, { node: name })
    return html`<a class="button" href="${url}"${here && new Html(' aria-current="page"')}>${shown} <code>:${port}</code></a>`
  })
  return html`<nav class="neighbours" aria-label="${labels.neighbours}"><span>${labels.neighbours}</span>${links}</nav>`
}

function pill({ labels }: Words, { session, missing }: Standing): Html {
  if (session) return html`<span class="pill found">✓ ${labels.found}</span>`
  const unknown = missing?.reason === 'unknown-session' || missing?.reason === 'expired-session'
  return html`<span class="pill ${unknown ? 'miss' : 'none'}">– ${labels.noSession}</span>`
}

function facts(words: Words, standing: Standing, session: NonNullable<Standing['session']>): Html {
  const { labels, modes } = words
  const when = (at: number) => {
    const shown = new Date(at).toISOString()
    return html`<time datetime="${shown}">${shown.slice(0, 19).replace('T', ' ')} UTC</time>`
  }
  return html`<dl class="facts">
<dt>${labels.cookie}</dt><dd><code>${standing.cookieName}=${session.maskedId}</code></dd>
<dt>${labels.user}</dt><dd>${session.user ?? labels.anonymous}</dd>
<dt>${labels.attributes}</dt><dd>${session.attributes.length === 0 ? labels.none : session.attributes.map((name) => html`<code>${name}</code> `)}</dd>
<dt>${labels.created}</dt><dd>${when(session.createdAt)}</dd>
<dt>${labels.accessed}</dt><dd>${when(session.lastAccessedAt)}</dd>
<dt>${labels.sessionIn}</dt><dd>${fill(modes[standing.mode].place, { node: standing.node })}</dd>
${session.stored ? inRedis(words, session.stored) : undefined}</dl>`
}

function inRedis({ labels }: Words, stored: { key: string; command: string }): Html {
  return html`<dt>${labels.storedAt}</dt><dd><code>${stored.key}</code></dd>
<dt>${labels.lookUp}</dt><dd class="line"><code id="command">${stored.command}</code><button type="button" class="small" data-copy="command" data-done="${labels.copied}" hidden>${labels.copy}</button></dd>`
}

function absence(words: Words, missing: Missing): Html {
  const next =
    missing.reason === 'unknown-session' ? words.advice[missing.reason][missing.mode] : words.advice[missing.reason]
  return html`${chain(words, missing)}<p class="next"><strong>${words.labels.next}</strong> · ${fill(next, missingValues(missing))}</p>`
}

function answers({ labels }: Words): Html {
  return html`<section class="panel" aria-labelledby="answers" data-answers data-unreachable="${labels.unreachable}" hidden>
<div class="head"><h2 id="answers">${labels.answers}</h2><button type="button" class="small" data-clear hidden>${labels.clear}</button><small>${labels.answersNote}</small></div>
<p data-empty><small>${labels.noAnswers}</small></p><div role="log" aria-labelledby="answers"><ol class="answers" data-list></ol></div></section>`
}
