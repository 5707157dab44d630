import { describe, test } from 'vitest'
import {
  type Balancer,
  type BalancerOptions,
  createBalancer,
  type DecisionEvent,
  type DoneEvent,
  type EngineName,
  engines,
  type UpstreamEvent,
} from '../../src/index.ts'

/** A listening balancer, with all that it told. */
export interface TestBalancer extends AsyncDisposable {
  readonly balancer: Balancer
  readonly url: string
  readonly port: number
  readonly decisions: DecisionEvent[]
  readonly done: DoneEvent[]
  readonly states: UpstreamEvent[]
}

type Options = Omit<BalancerOptions, 'upstreams'> & {
  nodes: readonly { upstream: BalancerOptions['upstreams'][number] }[]
}

/** Starts a balancer on a free port; without active checks, and patient with connecting, unless told otherwise. */
export async function testBalancer({ nodes, ...options }: Options): Promise<TestBalancer> {
  const upstreams = nodes.map((node) => node.upstream)
  const balancer = createBalancer({
    ...{ health: false, ...options, upstreams },
    // On a busy machine a connection may take the usual second.
    timeouts: { connectTimeoutMs: 15_000, ...options.timeouts },
  })
  const decisions: DecisionEvent[] = []
  const done: DoneEvent[] = []
  const states: UpstreamEvent[] = []
  balancer.events.on('decision', (event) => decisions.push(event))
  balancer.events.on('done', (event) => done.push(event))
  balancer.events.on('upstream', (event) => states.push(event))
  const url = await balancer.listen({ port: 0 })
  const dispose = () => balancer[Symbol.asyncDispose]()
  return { balancer, url, port: Number(new URL(url).port), decisions, done, states, [Symbol.asyncDispose]: dispose }
}

/** The secret of the tests' affinity cookies. */
export const secret = 'a secret of the tests only'

/** Every engine that the suite is run on. */
export const engineNames = Object.keys(engines) as EngineName[]

/**
 * One black-box case, once for every engine. The test's full name is `case N: title [engine]`: the case matrix is made from
 * these names.
 */
export function caseOf(number: number, title: string, run: (engine: EngineName) => Promise<void>): void {
  describe(`case ${number}`, () => {
    for (const engine of engineNames) test(`case ${number}: ${title} [${engine}]`, () => run(engine))
  })
}
