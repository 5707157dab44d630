import type { Cluster } from '@session-cluster/cluster'
import { census, VirtualUser, type Visit } from '@session-cluster/visitor'
import { type Lab, prove, type Recorder } from '../experiment.ts'
import { type History, rowsOf } from '../history.ts'
import type { Outcome } from '../pictures/theme.ts'

/** Somebody saved its token. */
export interface SaveRow {
  readonly step: 'save'
  readonly user: string
  readonly node: string
}

/** Somebody read its token back. `during` names the part of the experiment. */
export interface VisitRow extends Omit<Visit, 'node' | 'status' | 'detail'> {
  readonly step: 'visit'
  readonly during: string
  readonly node?: string
  readonly status?: number
  readonly detail?: string
  /** From the start of a stretch of load, where there was one, in milliseconds. */
  readonly atMs?: number
  /** From when it was due, where it was. */
  readonly latencyMs?: number
}

/** Every running node was asked for every user's token: which of them know whom. */
export interface CensusRow {
  readonly step: 'census'
  readonly during: string
  readonly knownBy: Readonly<Record<string, readonly string[]>>
}

/** What users and censuses leave in a history. */
export type UserRow = SaveRow | VisitRow | CensusRow

/** Users named `u1` …, each with its cookie jar and its token, who talk to `base`. Their tokens come from the seed. */
export function makeUsers(lab: Lab, count: number, base: string, name = 'u'): VirtualUser[] {
  const random = lab.random(`tokens:${name}`)
  return Array.from({ length: count }, (_, index) => new VirtualUser({ name: `${name}${index + 1}`, base, random }))
}

/** One such user; alone it has the name itself. */
export function makeUser(lab: Lab, base: string, name: string): VirtualUser {
  return new VirtualUser({ name, base, random: lab.random(`tokens:${name}`) })
}

/** Each user saves its token, one after another, so that round robin deals the users out evenly. Answers the node of each. */
export async function saveInTurn(lab: Recorder<SaveRow>, users: readonly VirtualUser[]): Promise<Map<string, string>> {
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

/** One visit, written down. */
export async function visited(lab: Recorder<VisitRow>, user: VirtualUser, during: string): Promise<Visit> {
  lab.signal.throwIfAborted()
  const visit = await user.visit()
  lab.record({ step: 'visit', during, ...told(visit) })
  return visit
}

/** A visit as a row has it. */
export function told({ node, status, detail, ...visit }: Visit): Omit<VisitRow, 'step' | 'during'> {
  return {
    ...visit,
    ...(node !== undefined && { node }),
    ...(status !== undefined && { status }),
    ...(detail !== undefined && { detail }),
  }
}

/** Asks every running node directly for every user's token. */
export async function askEveryNode(
  lab: Recorder<CensusRow>,
  users: readonly VirtualUser[],
  cluster: Cluster,
  during: string,
): Promise<void> {
  const running = cluster.nodes.filter((node) => node.state === 'running')
  const { knownBy } = await census(users, running)
  lab.record({ step: 'census', during, knownBy: Object.fromEntries(knownBy) })
}

/** The nodes on which users saved. */
export const homesIn = (history: Pick<History, 'rows'>): ReadonlyMap<string, string> =>
  new Map(rowsOf<SaveRow>(history, 'save').map(({ user, node }) => [user, node]))

/** The visits of one part of an experiment. */
export const visitsIn = (history: Pick<History, 'rows'>, during: string): readonly VisitRow[] =>
  rowsOf<VisitRow>(history, 'visit').filter((visit) => visit.during === during)

/** Those whom no node knew when all were asked. */
export const lostIn = (history: Pick<History, 'rows'>, during: string): ReadonlySet<string> =>
  new Set(
    rowsOf<CensusRow>(history, 'census')
      .filter((census) => census.during === during)
      .flatMap(({ knownBy }) => Object.entries(knownBy).flatMap(([user, nodes]) => (nodes.length === 0 ? [user] : []))),
  )

/** How many of them ended so. */
export const ended = (visits: readonly Pick<VisitRow, 'outcome'>[], outcome: Visit['outcome']): number =>
  visits.filter((visit) => visit.outcome === outcome).length

/** What became of a visit, in the report's words: a miss of a user whom no node knows is a loss. */
export function outcomeOf(visit: Pick<VisitRow, 'outcome' | 'user'>, lost: ReadonlySet<string> = new Set()): Outcome {
  return visit.outcome === 'miss' && lost.has(visit.user) ? 'lost' : visit.outcome
}
