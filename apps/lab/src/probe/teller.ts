import { replaced } from './cookies.ts'
import type { Exchange } from './exchange.ts'

/** Whether the server that answered knew the session. `unclear`: nothing in the answer tells. */
export type Knows = 'known' | 'unknown' | 'unclear'

type Trait = (exchange: Exchange) => string | boolean | undefined

/**
 * Learns from answers to an id that is known and to one that is not, in what they differ, and tells other answers by
 * that. Where the two do not differ it tells nothing: a guess would look like a finding.
 */
export function teller(
  known: readonly Exchange[],
  unknown: readonly Exchange[],
  cookie: string | undefined,
): (exchange: Exchange) => Knows {
  const isReplaced = (one: Exchange) => cookie !== undefined && replaced(one, cookie)
  const sign = (one: Exchange) => `${one.status} ${one.location ?? ''} ${isReplaced(one) ? 'another id' : ''}`
  const keepsIds = known.length > 0 && !known.some(isReplaced)
  const looks: readonly Trait[] = [({ known: shown }) => shown, sign, ({ body }) => body]
  const traits = looks.map((trait) => ({
    trait,
    home: new Set(known.map(trait)),
    away: new Set(unknown.map(trait)),
  }))
  const telling = traits.filter(
    ({ home, away }) =>
      home.size === 1 && away.size > 0 && !home.has(undefined) && !away.has(undefined) && home.isDisjointFrom(away),
  )
  return (exchange) => {
    if (exchange.failed !== undefined || (exchange.status ?? 500) >= 500) return 'unclear'
    for (const { trait, home, away } of telling) {
      if (home.has(trait(exchange))) return 'known'
      if (away.has(trait(exchange))) return 'unknown'
      if (trait === sign && keepsIds && isReplaced(exchange)) return 'unknown'
    }
    return 'unclear'
  }
}
