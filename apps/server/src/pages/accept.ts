/** What a client wants to read: a page, JSON, or plain text. */
export type Form = 'html' | 'json' | 'text'

/** The languages of the pages. */
export type Language = 'en' | 'ko'

const MEDIA: Readonly<Record<string, Form>> = {
  'text/html': 'html',
  'application/xhtml+xml': 'html',
  'application/json': 'json',
  'application/problem+json': 'json',
  'text/plain': 'text',
}

/**
 * Reads an `Accept` header (RFC 9110 §12.5.1): the form with the highest weight, the first of equals.
 * No header, or only wildcards as curl sends, means plain text.
 */
export function acceptedForm(header: string | undefined): Form {
  const best = ranges(header).find(({ name, weight }) => weight > 0 && name in MEDIA)
  return (best && MEDIA[best.name]) ?? 'text'
}

/** Reads an `Accept-Language` header (RFC 9110 §12.5.4): Korean when it ranks above English, else English. */
export function acceptedLanguage(header: string | undefined): Language {
  for (const { name, weight } of ranges(header)) {
    const primary = name.split('-')[0]
    if (weight > 0 && (primary === 'ko' || primary === 'en')) return primary
  }
  return 'en'
}

interface Range {
  name: string
  weight: number
}

function ranges(header: string | undefined): Range[] {
  const listed = (header ?? '').split(',', 50).map((item): Range => {
    const [name = '', ...parameters] = item.split(';').map((part) => part.trim().toLowerCase())
    const quality = parameters.find((parameter) => parameter.startsWith('q='))
    const weight = quality === undefined ? 1 : Number(quality.slice(2))
    return { name, weight: weight >= 0 && weight <= 1 ? weight : 0 }
  })
  return listed.sort((one, other) => other.weight - one.weight)
}
