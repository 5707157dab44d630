/**
 * The value of the first cookie of that name in a `Cookie` header (RFC 6265 §5.4), `undefined` when there is none.
 * Nothing is decoded.
 */
export function cookieValue(header: string, name: string): string | undefined {
  let at = header.indexOf(name)
  while (at !== -1) {
    const end = at + name.length
    if (isStart(header, at) && header[end] === '=') {
      const stop = header.indexOf(';', end)
      return header.slice(end + 1, stop === -1 ? undefined : stop).trimEnd()
    }
    at = header.indexOf(name, end)
  }
  return undefined
}

/** The header without any cookie of that name; `undefined` when nothing is left. What else it holds stays as it was. */
export function withoutCookie(header: string, name: string): string | undefined {
  if (!header.includes(name)) return header
  const kept = header.split(';').filter((pair) => {
    const equals = pair.indexOf('=')
    return equals === -1 || pair.slice(0, equals).trim() !== name
  })
  const rest = kept.join(';').trim()
  return rest === '' ? undefined : rest
}

// Only blanks stand between a cookie's name and the semicolon or the beginning before it.
function isStart(header: string, at: number): boolean {
  let i = at - 1
  while (i >= 0 && (header[i] === ' ' || header[i] === '\t')) i--
  return i < 0 || header[i] === ';'
}
