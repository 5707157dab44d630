import { describe, type TestContext, test } from 'vitest'
import {
  type Balancer,
  type BalancerOptions,
  type CookieAffinityOptions,
  createBalancer,
  type DecisionEvent,
  type DoneEvent,
  type EngineName,
  engines,
  type UpstreamEvent,
} from '../../src/index.ts'
import { whyNot } from './peer-cases.ts'
import { hasPeer, type PeerName, peerNames, startPeer } from './peers.ts'

/** What a case is run on: ours with one of its engines, or another balancer from the file that ours wrote. */
export type Subject = EngineName | PeerName

/** A listening balancer, and what an operator does with it. */
export interface TestBalancer extends AsyncDisposable {
  readonly url: string
  readonly port: number
  /** Whether it is ours, so that one may look inside: `balancer` and what it told are missing in another's. */
  readonly isOurs: boolean
  readonly balancer: Balancer
  readonly decisions: DecisionEvent[]
  readonly done: DoneEvent[]
  readonly states: UpstreamEvent[]
  drain(name: string): Promise<void>
  ready(name: string): Promise<void>
  weight(name: string, weight: number): Promise<void>
  /** Has its active check say that the node is down. */
  takeDown(name: string): Promise<void>
  /** … and that it is up again. */
  bringUp(name: string): Promise<void>
  /** `up`, `down`, `draining` … */
  stateOf(name: string): Promise<string | undefined>
  /** Requests that wait for a place. */
  waiting(): Promise<number>
}

type Options = Omit<BalancerOptions, 'upstreams' | 'engine' | 'nodes'> & {
  /** How the nodes are talked to: the balancer's own `nodes`. */
  talk?: BalancerOptions['nodes']
  engine?: Subject | undefined
  nodes: readonly { upstream: BalancerOptions['upstreams'][number] }[]
}

/** Starts a balancer on a free port; without active checks, and patient with connecting, unless told otherwise. */
export async function testBalancer({ nodes, talk, engine = 'direct', ...given }: Options): Promise<TestBalancer> {
  // On a busy machine a connection may take the usual second.
  const timeouts = { connectTimeoutMs: 15_000, ...given.timeouts }
  const options = {
    health: false as const,
    ...given,
    timeouts,
    upstreams: nodes.map((node) => node.upstream),
    nodes: talk,
  }
  return isPeer(engine) ? external(engine, options) : ours({ ...options, engine })
}

const isPeer = (subject: Subject): subject is PeerName => (peerNames as readonly string[]).includes(subject)

async function ours(options: BalancerOptions): Promise<TestBalancer> {
  const balancer = createBalancer(options)
  const decisions: DecisionEvent[] = []
  const done: DoneEvent[] = []
  const states: UpstreamEvent[] = []
  balancer.events.on('decision', (event) => decisions.push(event))
  balancer.events.on('done', (event) => done.push(event))
  balancer.events.on('upstream', (event) => states.push(event))
  const url = await balancer.listen({ port: 0 })
  const setHealthy = (name: string, isHealthy: boolean): void => {
    const upstream = balancer.pool.get(name)
    if (upstream) balancer.pool.setHealthy(upstream, isHealthy, 'told so')
  }
  return {
    ...{ url, port: Number(new URL(url).port), isOurs: true, balancer, decisions, done, states },
    drain: async (name) => void balancer.update(name, { mode: 'drain' }),
    ready: async (name) => void balancer.update(name, { mode: 'ready' }),
    weight: async (name, weight) => void balancer.update(name, { weight }),
    takeDown: async (name) => setHealthy(name, false),
    bringUp: async (name) => setHealthy(name, true),
    stateOf: async (name) => balancer.pool.get(name)?.state,
    waiting: async () => balancer.load.waiting,
    [Symbol.asyncDispose]: () => balancer[Symbol.asyncDispose](),
  }
}

async function external(name: PeerName, options: BalancerOptions): Promise<TestBalancer> {
  const { affinity, policy, engine: _, front: _1, accessLog: _2, clock, random, ...rest } = options
  if (typeof policy === 'function' || clock || random || (affinity && 'pinOf' in affinity)) {
    throw new Error(`${name}: this case is made of functions, which no file can hold`)
  }
  const exported = affinity && { by: 'cookie' as const, ...(affinity as CookieAffinityOptions) }
  const peer = await startPeer(name, { ...rest, policy, affinity: exported })
  const inside = (): never => {
    throw new Error(`${name}: nobody can look inside; ask isOurs first`)
  }
  return Object.defineProperties(peer as unknown as TestBalancer, {
    isOurs: { value: false },
    balancer: { get: inside },
    decisions: { get: inside },
    done: { get: inside },
    states: { get: inside },
  })
}

/** The secret of the tests' affinity cookies. */
export const secret = 'a secret of the tests only'

/** Every engine that the suite is run on. */
export const engineNames = Object.keys(engines) as EngineName[]

/**
 * One case, once for every engine, and for every other balancer that can do the same. The test's full name is
 * `case N: title [engine]`: the case matrix is made from these names.
 */
export function caseOf(number: number, title: string, run: (subject: Subject) => Promise<void>): void {
  describe(`case ${number}`, () => {
    for (const engine of engineNames) test(`case ${number}: ${title} [${engine}]`, () => run(engine))
    for (const peer of peerNames) {
      if (whyNot(peer, number, title) !== undefined) continue
      test(`case ${number}: ${title} [${peer}]`, (context) => runOnPeer(context, peer, run))
    }
  })
}

async function runOnPeer(
  context: TestContext,
  peer: PeerName,
  run: (subject: Subject) => Promise<void>,
): Promise<void> {
  // CI leaves nothing out: what is missing there is a failure.
  if (!hasPeer(peer) && process.env.REQUIRE_ALL === undefined) context.skip(`this machine has no ${peer}`)
  await run(peer)
}
