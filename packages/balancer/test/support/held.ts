import type { ServerResponse } from 'node:http'
import type { TestNode } from './node.ts'

/** Answers that a node keeps back. */
export interface Held {
  readonly held: ServerResponse[]
  /** Gives all of them, each with the node's name. */
  release(): void
}

/** Lets requests for /slow hang on the node until `release`. */
export function holds(node: TestNode): Held {
  const held: ServerResponse[] = []
  node.early = (req, res) => {
    if (req.url !== '/slow') return false
    held.push(res)
    return true
  }
  return {
    held,
    release: () => {
      for (const res of held.splice(0)) res.end(node.name)
    },
  }
}
