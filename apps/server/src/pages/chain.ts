import { isShared } from '@session-cluster/contract'
import type { Missing } from '../missing.ts'
import { type Html, html } from './html.ts'
import { fill } from './words.ts'
import type { Words } from './words-type.ts'

/** What happened to a request that found nothing, step by step: the cookie, where the node looked, what was there. */
export function chain(words: Words, missing: Missing): Html {
  const steps = [cookieStep(words, missing), ...lookSteps(words, missing)]
  const values = missingValues(missing)
  return html`<ol class="chain">${steps.map(([mark, text]) => html`<li class="${mark}">${fill(text, values)}</li>`)}</ol>`
}

/** The values that the words about a missing session or attribute speak of. */
export function missingValues(missing: Missing): Record<string, string> {
  const { cookie, node, attribute } = missing
  return { node, attribute, cookie: cookie.name, masked: cookie.masked ?? '…' }
}

type Step = readonly ['found' | 'miss', string]

function cookieStep({ chain }: Words, missing: Missing): Step {
  if (missing.reason === 'no-cookie') return ['miss', chain.cookieAbsent]
  if (missing.reason === 'malformed-cookie') return ['miss', chain.cookieMalformed]
  return ['found', chain.cookiePresent]
}

function lookSteps({ chain }: Words, missing: Missing): Step[] {
  const looked: Step = ['found', isShared(missing.mode) ? chain.lookedRedis : chain.lookedMemory]
  switch (missing.reason) {
    case 'no-cookie':
    case 'malformed-cookie':
      return [['miss', chain.lookedNowhere]]
    case 'unknown-session':
      return [looked, ['miss', chain.foundNoSession]]
    case 'expired-session':
      return [looked, ['miss', chain.foundExpired]]
    case 'no-attribute':
      return [looked, ['miss', chain.foundNoAttribute]]
  }
}
