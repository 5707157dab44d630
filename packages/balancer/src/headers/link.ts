/**
 * Whether a `Link` field's value can be read (RFC 8288 §3, parameters as its appendix B.3 reads them: a value without quotes may hold more
 * than a token). In linear time, whatever a node sends.
 */
export function isLink(value: string): boolean {
  let at = 0
  while (at < value.length) {
    LINK.lastIndex = at
    if (!LINK.test(value)) return false
    at = LINK.lastIndex
  }
  return value !== ''
}

/** One link or none, and the comma behind it. */
const LINK =
  /[ \t]*(?:<[^<>"\s]*>(?:[ \t]*;(?:[ \t]*[^\s=;,"<>]+(?:[ \t]*=[ \t]*(?:"(?:[^"\\]|\\.)*"|[^\s";,]+)?)?)?)*)?[ \t]*(?:,|$)/y
