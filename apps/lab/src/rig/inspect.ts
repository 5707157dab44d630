import { prove } from '../experiment.ts'

/** What a node says of itself on its admin port, as far as experiments ask. */
export interface Inspection {
  readonly heapBytes: number
  readonly sessionsHeld: number
  readonly store: { readonly commands: number; readonly roundTrips: number }
}

/** Asks a node's admin port. */
export async function inspect(node: { readonly adminUrl: string }): Promise<Inspection> {
  const response = await fetch(new URL('/inspect', node.adminUrl))
  const found = (await response.json()) as Inspection
  prove(response.ok && Number.isInteger(found.store?.roundTrips), `${node.adminUrl}/inspect counts store round trips`)
  return found
}

/** What the store was asked between two looks, by all the nodes together. */
export async function storeUse(nodes: readonly { readonly adminUrl: string }[], during: () => Promise<unknown>) {
  const before = await Promise.all(nodes.map(inspect))
  await during()
  const after = await Promise.all(nodes.map(inspect))
  const grown = (of: (inspection: Inspection) => number) =>
    after.reduce((sum, inspection, index) => sum + of(inspection) - of(before[index] as Inspection), 0)
  return { commands: grown(({ store }) => store.commands), roundTrips: grown(({ store }) => store.roundTrips) }
}
