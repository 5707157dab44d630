import { createHash } from 'node:crypto'

/** A Lua script and the name that Redis knows it by. */
export interface Script {
  readonly source: string
  readonly sha: string
}

/** Makes a script of its source. */
export const script = (source: string): Script => ({ source, sha: createHash('sha1').update(source).digest('hex') })
