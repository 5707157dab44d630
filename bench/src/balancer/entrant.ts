import { ask } from '../load/ask.ts'
import { type Generator, startGenerator } from '../load/generator.ts'
import type { Job } from '../load/job.ts'
import { CORES, canPin, pin } from '../measure/pin.ts'
import type { BenchOptions } from '../options.ts'
import type { Contender } from './contenders.ts'
import { MOST_CONNECTIONS, type Scenario, scenarioOf } from './scenarios.ts'
import { type Balanced, type Nodes, startNodes } from './start.ts'

/** A contender that runs, with the cookies of each of its clients. */
export interface Entrant {
  readonly running: Balanced
  readonly cookies: readonly string[]
}

/** The load and the nodes, on a core of their own where there is one. */
export interface Bench extends AsyncDisposable {
  readonly load: Generator
  readonly nodes: readonly number[]
  /** Whether whatever is measured has a core of its own. */
  readonly isPinned: boolean
}

/** Starts the load and the nodes. */
export async function startBench(): Promise<Bench> {
  const nodes: Nodes = await startNodes()
  const load = await startGenerator()
  const isPinned = canPin()
  if (isPinned) for (const { pid } of [nodes, load]) pin(pid, CORES.load)
  return {
    ...{ load, nodes: nodes.ports, isPinned },
    async [Symbol.asyncDispose]() {
      await load[Symbol.asyncDispose]()
      await nodes[Symbol.asyncDispose]()
    },
  }
}

/** Starts a contender, gives each client the cookies that it is sent back, and warms it up with all of its scenarios by turns. */
export async function enter(
  contender: Contender,
  { nodes, load, isPinned }: Bench,
  stack: AsyncDisposableStack,
  { quick }: Pick<BenchOptions, 'quick'>,
  warmUp = quick ? 800 : contender.warmUp,
): Promise<Entrant> {
  const running = stack.use(await contender.start(nodes))
  if (isPinned) pin(running.pid, CORES.measured)
  const answers = await Promise.all(Array.from({ length: MOST_CONNECTIONS }, () => ask(running.port, '/')))
  const entrant = {
    running,
    cookies: answers.map(({ cookies }) => [`SESSION=${'x'.repeat(43)}`, cookies].filter(Boolean).join('; ')),
  }
  const turn = 2000
  for (let done = 0, at = 0; done < warmUp; done += turn, at++) {
    const id = contender.scenarios[at % contender.scenarios.length] as string
    await load.run(jobOf(entrant, scenarioOf(id), Math.min(turn, warmUp - done)))
  }
  return entrant
}

/** So many requests of the scenario. */
export function jobOf({ running, cookies }: Entrant, scenario: Scenario, requests: number): Job {
  const { connections, body, request } = scenario
  return {
    port: running.port,
    connections,
    requests,
    heads: cookies.slice(0, connections).map(request),
    body,
    timeoutMs: 120_000,
  }
}
