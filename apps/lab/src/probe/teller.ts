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
  const sign = signOf(cookie)
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

/** What an answer shows of the session without its body. */
const signOf = (cookie: string | undefined) => (one: Exchange) =>
  `${one.status} ${one.location ?? ''} ${cookie !== undefined && replaced(one, cookie) ? 'another id' : ''}`

/**
 * The answers to a known id that do not look like those to a made-up one, when some do and some do not: there the session
 * was lost now and then. Else all of them. Bodies do not count: a page may vary by itself.
 */
export function atHome(
  known: readonly Exchange[],
  forged: readonly Exchange[],
  cookie: string | undefined,
): readonly Exchange[] {
  const answered = known.filter(({ status = 500 }) => status < 500)
  const looks: readonly Trait[] = [({ known: shown }) => shown, signOf(cookie)]
  for (const look of looks) {
    const away = new Set(forged.map(look))
    const home = answered.filter((one) => !away.has(look(one)))
    if (away.size === 1 && home.length > 0 && home.length < answered.length) return home
  }
  return answered
}
