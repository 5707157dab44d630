/**
 * The value of the first cookie of that name in a `Cookie` header (RFC 6265 §5.4), `undefined` when there is none.
 * Nothing is decoded.
 */
export function cookieValue(header: string, name: string): string | undefined {
  return cookieFrom(header, name, 0)?.value
}

/** The values of all cookies of that name, in their order: a browser sends one per path and domain that it has. */
export function cookieValues(header: string, name: string): string[] {
  const values: string[] = []
  for (let found = cookieFrom(header, name, 0); found; found = cookieFrom(header, name, found.end)) {
    values.push(found.value)
  }
  return values
}

function cookieFrom(header: string, name: string, from: number): { value: string; end: number } | undefined {
  let at = header.indexOf(name, from)
  while (at !== -1) {
    const end = at + name.length
    if (isStart(header, at) && header[end] === '=') {
      const stop = header.indexOf(';', end)
      const until = stop === -1 ? header.length : stop
      return { value: header.slice(end + 1, until).trimEnd(), end: until }
    }
    at = header.indexOf(name, end)
  }
  return undefined
}

/** The header without any cookie of that name; `undefined` when nothing is left. What else it holds stays as it was. */
export function withoutCookie(header: string, name: string): string | undefined {
  let kept = header
  let at = kept.indexOf(name)
  while (at !== -1) {
    const from = kept.lastIndexOf(';', at) + 1
    if (isStart(kept, at) && isBeforeEquals(kept, at + name.length)) {
      const stop = kept.indexOf(';', at)
      kept = stop === -1 ? kept.slice(0, Math.max(from - 1, 0)) : kept.slice(0, from) + kept.slice(stop + 1)
      at = kept.indexOf(name, from)
    } else at = kept.indexOf(name, at + 1)
  }
  if (kept === header) return header
  const rest = kept.trim()
  return rest === '' ? undefined : rest
}

// Only blanks stand between a cookie's name and the semicolon or the beginning before it.
function isStart(header: string, at: number): boolean {
  let i = at - 1
  while (i >= 0 && (header[i] === ' ' || header[i] === '\t')) i--
  return i < 0 || header[i] === ';'
}

function isBeforeEquals(header: string, end: number): boolean {
  let i = end
  while (header[i] === ' ' || header[i] === '\t') i++
  return header[i] === '='
}
