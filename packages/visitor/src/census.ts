import type { VirtualUser } from './virtual-user.ts'

/** A node that can be asked directly. */
export interface Asked {
  readonly name: string
  readonly url: string
}

/** Which nodes know which users' sessions. */
export interface Census {
  /** User → the nodes that gave its token back. */
  readonly knownBy: ReadonlyMap<string, readonly string[]>
  /** Users whose session no node can serve any more: their session is lost. */
  readonly lost: readonly string[]
}

/** Asks every given node directly for every user's token, without changing anyone's cookies. */
export async function census(users: readonly VirtualUser[], nodes: readonly Asked[]): Promise<Census> {
  const knownBy = new Map<string, readonly string[]>()
  for (const user of users) {
    const looks = await Promise.all(nodes.map(async ({ name, url }) => ({ name, visit: await user.look(url) })))
    const failed = looks.find(({ visit }) => visit.outcome === 'error')
    // Whether a session is lost cannot be said while a node does not answer.
    if (failed) throw new Error(`node ${failed.name} did not answer the census: ${failed.visit.detail}`)
    knownBy.set(
      user.name,
      looks.filter(({ visit }) => visit.outcome === 'found').map(({ name }) => name),
    )
  }
  return { knownBy, lost: users.map(({ name }) => name).filter((name) => knownBy.get(name)?.length === 0) }
}
