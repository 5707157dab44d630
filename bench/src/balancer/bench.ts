import { seededRandom, shuffled } from '@session-cluster/visitor'
import { ask } from '../load/ask.ts'
import { type Generator, startGenerator } from '../load/generator.ts'
import { getRequest, type Job } from '../load/job.ts'
import { environment } from '../measure/environment.ts'
import { addRound, orderOfRound, type Rounds } from '../measure/rounds.ts'
import { cpuPerRequest } from '../measure/slice.ts'
import type { BenchOptions, Outcome } from '../options.ts'
import { findProgram, type Program, sources } from '../peers/program.ts'
import { figuresTable, judgeFigures, mediansTable } from '../report/figures.ts'
import { type Contender, contendersWith } from './contenders.ts'
import { cheapestEngine, figuresFor } from './figures.ts'
import { holdIdle, type Idle, idleTable } from './idle.ts'
import { prove } from './proof.ts'
import { type Balanced, startNodes } from './start.ts'

const connections = 32
/** How many slices of requests a contender has behind it when it is measured: V8 goes on compiling for some 60,000. */
const warmUpSlices = 10
const body = '{"q":"password"}'

/** Proves every balancer, measures CPU per request side by side, and holds idle clients on each. */
export async function benchBalancer(options: BenchOptions): Promise<Outcome> {
  const { say, seed, quick } = options
  const find = (source: keyof typeof sources) => findProgram(sources[source], say)
  const [nginx, haproxy, caddy] = (await Promise.all([find('nginx'), find('haproxy'), find('caddy')])) as [
    Program,
    Program,
    Program,
  ]
  const contenders = contendersWith({ nginx, haproxy, caddy })
  await using nodes = await startNodes()
  for (const contender of contenders) {
    await prove(contender, nodes.ports)
    say(`correct: ${contender.title}`)
  }
  const versions = Object.fromEntries([nginx, haproxy, caddy].map(({ name, version }) => [name, version]))
  const env = environment(['fastify', 'http-proxy', '@fastify/http-proxy'], versions)
  const idle: Idle[] = []
  for (const contender of contenders) {
    idle.push(await holdIdle(contender, nodes.ports, quick ? 200 : 10_000, quick ? 100 : 10_000))
    say(`idle clients: ${contender.title}`)
  }
  const rounds = await measure(options, contenders, nodes.ports)
  const judged = judgeFigures(figuresFor(cheapestEngine(rounds)), rounds, seed)
  const titles = new Map(contenders.map(({ id, title }) => [id, title]))
  return {
    text: [mediansTable(rounds, titles, 'nginx', seed), figuresTable(judged, quick), idleTable(idle)].join('\n\n'),
    json: { bench: 'balancer', environment: env, options: { ...options, connections }, figures: judged, idle, rounds },
    wrong: idle
      .filter(({ contender, held, clients }) => contender.startsWith('ours') && held < clients)
      .map(({ contender, held, clients }) => `${contender} held ${held} of ${clients} idle clients`),
    missed: judged.filter(({ verdict }) => verdict === 'missed').map(({ name }) => name),
  }
}

/** Processes are started anew for each round: what one start compiled or laid out by chance is not measured 20 times. */
async function measure(
  options: BenchOptions,
  contenders: readonly Contender[],
  nodes: readonly number[],
): Promise<Rounds> {
  const rounds: Rounds = {}
  const random = seededRandom(options.seed)
  await using generator = await startGenerator()
  for (let round = 0; round < options.rounds; round++) {
    await using stack = new AsyncDisposableStack()
    const entrants = new Map<string, { running: Balanced; heads: string[] }>()
    // In a new order each round: whoever starts last was warmed up last, and measures cheaper.
    for (const contender of shuffled(contenders, random)) {
      const running = stack.use(await contender.start(nodes))
      const entrant = { running, heads: await clientHeads(running) }
      await generator.run(jobOf(entrant, options.requests * warmUpSlices))
      entrants.set(contender.id, entrant)
    }
    const slices = contenders.map(({ id }) => ({ contender: id, scenario: 'request' }))
    const halves = []
    for (const slice of orderOfRound(slices, random)) {
      const entrant = entrants.get(slice.contender) as { running: Balanced; heads: string[] }
      halves.push({ ...slice, us: await halfSlice(entrant, generator, options.requests / 2) })
    }
    addRound(rounds, halves)
    options.say(`round ${round + 1} of ${options.rounds}`)
  }
  return rounds
}

type Entrant = { readonly running: Balanced; readonly heads: readonly string[] }

function halfSlice(entrant: Entrant, generator: Generator, requests: number): Promise<number> {
  return cpuPerRequest(entrant.running.pid, generator, jobOf(entrant, requests))
}

/** Each connection's request carries an application's cookie, and the affinity cookie that this client was given, if any. */
async function clientHeads({ port }: Balanced): Promise<string[]> {
  const answers = await Promise.all(Array.from({ length: connections }, () => ask(port, '/')))
  return answers.map(({ cookies }) =>
    getRequest('/', [`SESSION=${'x'.repeat(43)}`, cookies].filter(Boolean).join('; ')),
  )
}

function jobOf({ running, heads }: Entrant, requests: number): Job {
  return { port: running.port, connections, requests, heads, body, timeoutMs: 120_000 }
}
