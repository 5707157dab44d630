import type { Cluster } from '@session-cluster/cluster'
import { census, VirtualUser, type Visit } from '@session-cluster/visitor'
import { type Lab, prove } from '../experiment.ts'
import type { Outcome } from '../pictures/theme.ts'

/** Users named `u1` …, each with its cookie jar and its token, who talk to `base`. Their tokens come from the seed. */
export function makeUsers(lab: Lab, count: number, base: string, name = 'u'): VirtualUser[] {
  const random = lab.random(`tokens:${name}`)
  return Array.from({ length: count }, (_, index) => new VirtualUser({ name: `${name}${index + 1}`, base, random }))
}

/** Each user saves its token, one after another, so that round robin deals the users out evenly. Answers the node of each. */
export async function saveInTurn(lab: Lab, users: readonly VirtualUser[]): Promise<Map<string, string>> {
  const homes = new Map<string, string>()
  for (const user of users) {
    lab.signal.throwIfAborted()
    const { node } = await user.save()
    prove(node, `a node said who it is when ${user.name} saved`)
    homes.set(user.name, node)
    lab.record({ step: 'save', user: user.name, node })
  }
  return homes
}

/** One visit, in the notebook. */
export async function visited(lab: Lab, user: VirtualUser, step: string): Promise<Visit> {
  lab.signal.throwIfAborted()
  const visit = await user.visit()
  lab.record({ step, ...visit })
  return visit
}

/** Asks every running node directly for every user's token. Answers the names of those whom no node knows any more. */
export async function lostUsers(
  lab: Lab,
  users: readonly VirtualUser[],
  cluster: Cluster,
): Promise<ReadonlySet<string>> {
  const running = cluster.nodes.filter((node) => node.state === 'running')
  const { lost } = await census(users, running)
  lab.record({ step: 'census', nodes: running.map((node) => node.name), lost })
  return new Set(lost)
}

/** What became of a visit, in the report's words: a miss of a user whom no node knows is a loss. */
export function outcomeOf(visit: Visit, lost: ReadonlySet<string> = new Set()): Outcome {
  return visit.outcome === 'miss' && lost.has(visit.user) ? 'lost' : visit.outcome
}
