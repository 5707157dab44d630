import { seededRandom, shuffled } from '@session-cluster/visitor'
import { type Generator, startGenerator } from '../load/generator.ts'
import { getRequest, type Job } from '../load/job.ts'
import { environment } from '../measure/environment.ts'
import { addRound, orderOfRound, type Rounds } from '../measure/rounds.ts'
import { cpuPerRequest } from '../measure/slice.ts'
import type { BenchOptions, Outcome } from '../options.ts'
import { findProgram, sources } from '../peers/program.ts'
import { startRedis } from '../redis/server.ts'
import { figuresTable, judgeFigures, mediansTable } from '../report/figures.ts'
import { table } from '../report/table.ts'
import { type Contender, contenders, type Running, type Scenario, start } from './contenders.ts'
import { type Count, countCommands, keepsPromise } from './counts.ts'
import { figures } from './figures.ts'
import { costsTable, nearCacheCosts } from './near-cache.ts'
import { begin, prove } from './proof.ts'

const packages = [
  'fastify',
  'ioredis',
  '@fastify/cookie',
  '@fastify/session',
  'connect-redis',
  'redis',
  'express',
  'express-session',
]
const connections = 32

/** Proves every contender, counts what its requests cost the store, and measures CPU per request side by side. */
export async function benchSession(options: BenchOptions): Promise<Outcome> {
  const { say, seed } = options
  const program = await findProgram(sources.redis, say)
  await using redis = await startRedis(program)
  for (const contender of contenders) {
    await prove(contender, redis.url)
    say(`correct: ${contender.title}`)
  }
  const counts = await countCommands(redis)
  say('commands and round trips counted')
  const costs = await nearCacheCosts(redis.url)
  say('the near cache’s own costs measured')
  const env = environment(packages, { 'redis-server': program.version })
  const rounds = await measure(options, redis.url)
  const judged = judgeFigures(figures, rounds, seed)
  const titles = new Map(contenders.map(({ id, title }) => [id, title]))
  return {
    text: [
      countsTable(counts),
      mediansTable(rounds, titles, 'bare', seed),
      figuresTable(judged, options.quick),
      costsTable(costs),
    ].join('\n\n'),
    json: {
      bench: 'session',
      environment: env,
      options: { ...options, connections },
      counts,
      figures: judged,
      costs,
      rounds,
    },
    wrong: counts.filter((count) => !keepsPromise(count)).map(({ request }) => `store commands of "${request}"`),
    missed: judged.filter(({ verdict }) => verdict === 'missed').map(({ name }) => name),
  }
}

/** Processes are started anew for each round: what one start compiled or laid out by chance is not measured 20 times. */
async function measure(options: BenchOptions, redisUrl: string): Promise<Rounds> {
  const rounds: Rounds = {}
  const random = seededRandom(options.seed)
  await using generator = await startGenerator()
  for (let round = 0; round < options.rounds; round++) {
    await using stack = new AsyncDisposableStack()
    const entrants = new Map<string, Entrant>()
    // In a new order each round: whoever starts last was warmed up last, and measures cheaper.
    for (const contender of shuffled(contenders, random)) {
      const entrant = await enter(contender, redisUrl, stack)
      await warmUp(entrant, generator, options)
      entrants.set(contender.id, entrant)
    }
    const slices = contenders.flatMap(({ id, scenarios }) => scenarios.map((scenario) => ({ contender: id, scenario })))
    const halves = []
    for (const slice of orderOfRound(slices, random)) {
      const entrant = entrants.get(slice.contender) as Entrant
      const job = jobOf(entrant, slice.scenario as Scenario, options.requests / 2)
      halves.push({ ...slice, us: await cpuPerRequest(entrant.running.pid, generator, job) })
    }
    addRound(rounds, halves)
    options.say(`round ${round + 1} of ${options.rounds}`)
  }
  return rounds
}

interface Entrant {
  readonly running: Running
  readonly cookies: readonly string[]
}

/** A running contender with one session for each connection. The baseline is sent a cookie too: it has as many bytes to parse. */
async function enter(contender: Contender, redisUrl: string, stack: AsyncDisposableStack): Promise<Entrant> {
  const running = stack.use(await start(contender, redisUrl))
  const cookie = () => (contender.isBare ? `SESSION=${'x'.repeat(43)}` : begin(contender, running))
  return { running, cookies: await Promise.all(Array.from({ length: connections }, cookie)) }
}

/** All kinds of request by turns, some 30,000 of each by default: the figures are of compiled code, not of its compiling. */
async function warmUp(entrant: Entrant, generator: Generator, { requests }: BenchOptions): Promise<void> {
  for (let turn = 0; turn < 5; turn++) {
    for (const scenario of ['read', 'write', 'untouched'] as const) {
      await generator.run(jobOf(entrant, scenario, requests))
    }
  }
}

function jobOf({ running, cookies }: Entrant, scenario: Scenario, requests: number): Job {
  const body = scenario === 'write' ? '{"ok":true}' : '{"q":"password"}'
  const heads = cookies.map((cookie) => getRequest(`/${scenario}`, cookie))
  return { port: running.port, connections, requests, heads, body, timeoutMs: 120_000 }
}

function countsTable(counts: readonly Count[]): string {
  const rows = counts.map((count) => {
    const commands = [...new Set(count.commands.map((names) => names.join(' ') || 'none'))].join(' | ')
    const verdict = count.promised ? (keepsPromise(count) ? 'as promised' : 'BROKEN PROMISE') : ''
    return [count.contender, count.request, commands, [...new Set(count.roundTrips)].join(' | '), verdict]
  })
  return table(['contender', 'request', 'commands per request', 'round trips', ''], rows)
}
