/** A request as a node that reads to the letter understands it. */
export interface ReadRequest {
  readonly method: string
  readonly path: string
  readonly body: string
}

const LINE = /^([!#$%&'*+.^_`|~\w-]+) (\/[\x21-\x7e]*|\*) HTTP\/1\.1$/
const FIELD = /^([!#$%&'*+.^_`|~\w-]+): ([\t\x20-\x7e\x80-\xff]*)$/

/**
 * Reads all that came on a connection, strictly. @throws Error when a part of it is no request, or could be read in two ways; what is cut
 * off at the end is left out.
 */
export function readRequests(text: string): ReadRequest[] {
  const requests: ReadRequest[] = []
  let rest = text
  while (rest !== '') {
    const end = rest.indexOf('\r\n\r\n')
    if (end === -1) return requests
    const [line = '', ...lines] = rest.slice(0, end).split('\r\n')
    const [, method = '', path = ''] = LINE.exec(line) ?? fail(line)
    const fields = lines.map((field) => (FIELD.exec(field) ?? fail(field)).slice(1) as [string, string])
    const valuesOf = (name: string) => fields.filter(([key]) => key.toLowerCase() === name).map(([, value]) => value)
    if (valuesOf('host').length !== 1) fail('not one Host')
    const body = readBody(rest.slice(end + 4), valuesOf('content-length'), valuesOf('transfer-encoding'))
    if (body === undefined) return requests
    requests.push({ method, path, body: body.text })
    rest = body.rest
  }
  return requests
}

function readBody(rest: string, lengths: string[], codings: string[]): { text: string; rest: string } | undefined {
  if (lengths.length + codings.length > 1) fail('two framings')
  if (codings.length === 1) return codings[0] === 'chunked' ? readChunks(rest) : fail(`coding ${codings[0]}`)
  const length = lengths[0] ?? '0'
  if (!/^\d+$/.test(length)) fail(`length ${length}`)
  if (rest.length < Number(length)) return undefined
  return { text: rest.slice(0, Number(length)), rest: rest.slice(Number(length)) }
}

function readChunks(rest: string): { text: string; rest: string } | undefined {
  let text = ''
  let at = 0
  for (;;) {
    const end = rest.indexOf('\r\n', at)
    if (end === -1) return undefined
    const size = rest.slice(at, end)
    if (!/^[\da-f]+$/.test(size)) fail(`chunk ${size}`)
    const length = Number.parseInt(size, 16)
    if (length === 0) {
      const over = rest.startsWith('\r\n', end + 2) ? end + 4 : rest.indexOf('\r\n\r\n', end) + 4
      return over < 4 || over > rest.length ? undefined : { text, rest: rest.slice(over) }
    }
    if (rest.length < end + 2 + length + 2) return undefined
    text += rest.slice(end + 2, end + 2 + length)
    if (rest.slice(end + 2 + length, end + 4 + length) !== '\r\n') fail('chunk without its end')
    at = end + 4 + length
  }
}

function fail(what: string): never {
  throw new Error(`not to be read in one way: ${JSON.stringify(what)}`)
}
