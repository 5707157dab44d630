import { seededRandom, shuffled } from '@session-cluster/visitor'
import { environment } from '../measure/environment.ts'
import { addRound, orderOfRound, type Rounds } from '../measure/rounds.ts'
import { cpuPerRequest } from '../measure/slice.ts'
import type { BenchOptions, Outcome } from '../options.ts'
import { figuresTable, judgeFigures, mediansTable } from '../report/figures.ts'
import { type Contender, contendersWith, findPrograms } from './contenders.ts'
import { dependsTable, measureDepends } from './depends.ts'
import { type Bench, type Entrant, enter, jobOf, startBench } from './entrant.ts'
import { cheapestEngine, figuresFor } from './figures.ts'
import { profileOurs, profileTable } from './profile.ts'
import { prove } from './proof.ts'
import { scenarioOf } from './scenarios.ts'
import { spend, spentTable } from './spent.ts'

/** Proves every balancer, measures CPU per request side by side, and shows what the ratios depend on. */
export async function benchBalancer(options: BenchOptions): Promise<Outcome> {
  const { say, seed, quick } = options
  const programs = await findPrograms(say)
  const contenders = contendersWith(programs)
  await using bench = await startBench()
  const { nodes } = bench
  for (const contender of contenders) {
    await prove(contender, nodes)
    say(`correct: ${contender.title}`)
  }
  const versions = Object.fromEntries(Object.values(programs).map(({ name, version }) => [name, version]))
  const env = environment(['fastify', 'http-proxy', '@fastify/http-proxy'], versions)
  const rounds = await measure(options, contenders, bench)
  const judged = judgeFigures(figuresFor(cheapestEngine(rounds)), rounds, seed)
  const titles = new Map(contenders.map(({ id, title }) => [id, title]))
  const spent = await spend(contenders, bench, options)
  const depends = await measureDepends(contenders, bench, options)
  const profile = await profileOurs(bench, options)
  return {
    text: [
      mediansTable(rounds, titles, 'nginx', seed),
      figuresTable(judged, quick),
      spentTable(spent),
      dependsTable(depends),
      profileTable(profile),
    ].join('\n\n'),
    json: {
      bench: 'balancer',
      environment: { ...env, whereItRan: coresUsed(bench) },
      options,
      figures: judged,
      spent,
      depends,
      profile,
      rounds,
    },
    wrong: [],
    missed: judged.filter(({ verdict }) => verdict === 'missed').map(({ name }) => name),
  }
}

/**
 * How many rounds are measured of one start. A start for each would be best, because what one start compiled or laid out by chance is in all of its
 * rounds; but warming up takes longer than measuring.
 */
const roundsOfStart = 5

async function measure(options: BenchOptions, contenders: readonly Contender[], bench: Bench): Promise<Rounds> {
  const rounds: Rounds = {}
  const random = seededRandom(options.seed)
  for (let round = 0; round < options.rounds; ) {
    await using stack = new AsyncDisposableStack()
    const entrants = new Map<string, Entrant>()
    // In a new order each time: whoever starts last was warmed up last, and measures cheaper.
    for (const contender of shuffled(contenders, random)) {
      entrants.set(contender.id, await enter(contender, bench, stack, options))
    }
    for (let turn = 0; turn < roundsOfStart && round < options.rounds; turn++) {
      await measureRound(rounds, entrants, { contenders, bench, random, requests: options.requests })
      options.say(`round ${++round} of ${options.rounds}`)
    }
  }
  return rounds
}

async function measureRound(
  rounds: Rounds,
  entrants: ReadonlyMap<string, Entrant>,
  given: { contenders: readonly Contender[]; bench: Bench; random: () => number; requests: number },
): Promise<void> {
  const slices = given.contenders.flatMap(({ id, scenarios }) =>
    scenarios.map((scenario) => ({ contender: id, scenario })),
  )
  const halves = []
  for (const slice of orderOfRound(slices, given.random)) {
    const entrant = entrants.get(slice.contender) as Entrant
    const job = jobOf(entrant, scenarioOf(slice.scenario), given.requests / 2)
    halves.push({ ...slice, us: await cpuPerRequest(entrant.running.pid, given.bench.load, job) })
  }
  addRound(rounds, halves)
}

const coresUsed = ({ isPinned }: Bench): string =>
  isPinned ? 'what is measured on one core, load and nodes on another' : 'all share all: no second core, or no taskset'
