import { checkUpstream, type UpstreamOptions } from '../pool/upstream.ts'

/**
 * Reads upstreams from text: `name=http://host:port`, or `…*weight`, between commas or on lines of their own. What follows a
 * `#` at the beginning of a line or behind a blank is a comment.
 * @throws TypeError that names the entry and what is allowed
 */
export function parseUpstreams(text: string): UpstreamOptions[] {
  const entries = text
    .split('\n')
    .flatMap((line) => line.replace(/(^|\s)#.*$/, '').split(','))
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '')
  return distinct(entries.map(parseUpstream))
}

function parseUpstream(entry: string): UpstreamOptions {
  const parts = /^([^=]+)=([^*]+)(?:\*(\d+))?$/.exec(entry)
  if (!parts) throw new TypeError(`${JSON.stringify(entry)} is not name=http://host:port, or …*weight`)
  const [, name = '', url = '', weight] = parts
  return checkUpstream({ name, url, weight: weight === undefined ? undefined : Number(weight) })
}

/** The upstreams as they are. @throws TypeError when two have one name */
export function distinct(upstreams: UpstreamOptions[]): UpstreamOptions[] {
  const seen = new Set<string>()
  for (const { name } of upstreams) {
    if (seen.has(name)) throw new TypeError(`${name} is there twice`)
    seen.add(name)
  }
  return upstreams
}
