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

/** Processes are started anew for each round: what one start compiled or laid out by chance is not measured 20 times. */
async function measure(options: BenchOptions, contenders: readonly Contender[], bench: Bench): Promise<Rounds> {
  const rounds: Rounds = {}
  const random = seededRandom(options.seed)
  for (let round = 0; round < options.rounds; round++) {
    await using stack = new AsyncDisposableStack()
    const entrants = new Map<string, Entrant>()
    // In a new order each round: whoever starts last was warmed up last, and measures cheaper.
    for (const contender of shuffled(contenders, random)) {
      entrants.set(contender.id, await enter(contender, bench, stack, options))
    }
    const slices = contenders.flatMap((contender) =>
      contender.scenarios.map((scenario) => ({ contender: contender.id, scenario })),
    )
    const halves = []
    for (const slice of orderOfRound(slices, random)) {
      const entrant = entrants.get(slice.contender) as Entrant
      const job = jobOf(entrant, scenarioOf(slice.scenario), options.requests / 2)
      halves.push({ ...slice, us: await cpuPerRequest(entrant.running.pid, bench.load, job) })
    }
    addRound(rounds, halves)
    options.say(`round ${round + 1} of ${options.rounds}`)
  }
  return rounds
}

const coresUsed = ({ isPinned }: Bench): string =>
  isPinned ? 'what is measured on one core, load and nodes on another' : 'all share all: no second core, or no taskset'
