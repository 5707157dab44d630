import { readFile } from 'node:fs/promises'
import { parseUpstreams } from './entries.ts'
import type { DiscoverySource } from './source.ts'

/**
 * Upstreams from a file: see {@link parseUpstreams} for its lines. It is read again and again, so it makes no difference
 * whether it is written in place, replaced, or mounted (where notices of the system do not arrive).
 */
export function fileSource(path: string): DiscoverySource {
  return {
    name: path,
    find: async () => ({ upstreams: parseUpstreams(await readFile(path, 'utf8')), ttlMs: 0 }),
  }
}
