import { once } from 'node:events'
import { connect } from 'node:net'
import { median, seededRandom } from '@session-cluster/visitor'
import { message, startGenerator } from '../load/generator.ts'
import { getRequest, type Job } from '../load/job.ts'
import { environment } from '../measure/environment.ts'
import { addRound, orderOfRound, type Rounds, roundsOf } from '../measure/rounds.ts'
import { cpuPerRequest } from '../measure/slice.ts'
import { findProgram, type Program, sources } from '../peers/program.ts'
import { startRedis } from '../redis/server.ts'
import { type Figure, figuresTable, judgeFigures } from '../report/figures.ts'
import { table } from '../report/table.ts'
import { type Contender, contenders, type Running, start } from '../session/contenders.ts'
import { begin } from '../session/proof.ts'
import type { Filled } from '../session/servers/fill.ts'
import type { SoakOptions, SoakOutcome } from './soak.ts'

/** Sessions in the store, the first being what the others are compared with. */
const sizes = [1_000, 10_000, 100_000, 1_000_000]
const quickSizes = [100, 1_000]
const sample = 1_000
const connections = 32
/** A request must not cost more than this many times as much among the most sessions as among the fewest. */
const flat = 1.1

interface Population {
  readonly id: string
  readonly size: number
  readonly running: Running
  readonly heads: Readonly<Record<'read' | 'write', readonly string[]>>
  readonly bytesPerSession: number
}

/** CPU per request and bytes per session of ours, in memory and in Redis, among 1,000 to 1,000,000 sessions. */
export async function soakSession(options: SoakOptions): Promise<SoakOutcome> {
  const program = await findProgram(sources.redis, options.say)
  await using stack = new AsyncDisposableStack()
  const populations: Population[] = []
  for (const contender of contenders.filter(({ file }) => file === 'ours')) {
    for (const size of options.quick ? quickSizes : sizes) {
      populations.push(await populate(contender, size, program, stack))
      options.say(`${contender.title}: ${size} sessions`)
    }
  }
  const env = environment(['fastify', 'ioredis'], { 'redis-server': program.version })
  const rounds = await measure(options, populations)
  const judged = judgeFigures(figuresOf(populations), rounds, options.seed)
  const rows = populations.map(({ id, bytesPerSession }) => {
    const us = (scenario: string) => median(roundsOf(rounds, id, scenario)).toFixed(1)
    return [id, us('read'), us('write'), bytesPerSession.toFixed(0)]
  })
  const costs = table(['store and sessions', 'read, µs CPU', 'write, µs CPU', 'bytes per session'], rows, [1, 2, 3])
  return {
    text: `${costs}\n\n${figuresTable(judged, options.quick)}`,
    json: { environment: env, sizes: rows, figures: judged, rounds },
    failed: judged.filter(({ verdict }) => verdict === 'missed').map(({ name }) => name),
  }
}

/** A server with so many sessions in its store, and the requests of a thousand of them, spread over all. */
async function populate(
  contender: Contender,
  size: number,
  program: Program,
  stack: AsyncDisposableStack,
): Promise<Population> {
  const redis = contender.redis ? stack.use(await startRedis(program)) : undefined
  const env = { MAX_SESSIONS: `${size * 2}`, NODE_OPTIONS: '--expose-gc --max-old-space-size=6000' }
  const running = stack.use(await start(contender, redis?.url ?? '', env))
  const [name] = (await begin(contender, running)).split('=')
  const used = async (filled: Filled) => (redis ? await redisMemory(redis.port) : filled.heapBytes)
  const before = await used(await fill(running, 0))
  const filled = await fill(running, size)
  const bytesPerSession = ((await used(filled)) - before) / size
  const requests = (path: string) => filled.ids.map((id) => getRequest(path, `${name}=${id}`))
  const heads = { read: requests('/read'), write: requests('/write') }
  return { id: `${contender.redis ? 'Redis' : 'memory'}, ${size}`, size, running, heads, bytesPerSession }
}

async function fill(running: Running, count: number): Promise<Filled> {
  running.child.send({ fill: count, sample })
  return (await message(running.child)) as Filled
}

/** `used_memory` of INFO: what Redis has allocated, keys and overhead included. */
async function redisMemory(port: number): Promise<number> {
  const socket = connect({ port, host: '127.0.0.1' })
  socket.write('INFO memory\r\n')
  let text = ''
  while (!/used_memory:\d+\r/.test(text)) text += String((await once(socket, 'data'))[0])
  socket.destroy()
  return Number(/used_memory:(\d+)/.exec(text)?.[1])
}

async function measure(options: SoakOptions, populations: readonly Population[]): Promise<Rounds> {
  const rounds: Rounds = {}
  const random = seededRandom(options.seed)
  const requests = options.quick ? 400 : 2000
  await using generator = await startGenerator()
  const jobOf = (population: Population, scenario: 'read' | 'write'): Job => {
    const body = scenario === 'write' ? '{"ok":true}' : '{"q":"password"}'
    return {
      port: population.running.port,
      connections,
      requests,
      heads: population.heads[scenario],
      body,
      timeoutMs: 120_000,
    }
  }
  for (const population of populations) {
    for (let turn = 0; turn < 5; turn++) {
      for (const scenario of ['read', 'write'] as const) await generator.run(jobOf(population, scenario))
    }
  }
  const slices = populations.flatMap(({ id }) => ['read', 'write'].map((scenario) => ({ contender: id, scenario })))
  for (let round = 0; round < (options.quick ? 3 : 15); round++) {
    const halves = []
    for (const slice of orderOfRound(slices, random)) {
      const population = populations.find(({ id }) => id === slice.contender) as Population
      const us = await cpuPerRequest(
        population.running.pid,
        generator,
        jobOf(population, slice.scenario as 'read' | 'write'),
      )
      halves.push({ ...slice, us })
    }
    addRound(rounds, halves)
    options.say(`round ${round + 1}`)
  }
  return rounds
}

function figuresOf(populations: readonly Population[]): Figure[] {
  return ['memory', 'Redis'].flatMap((store) => {
    const ids = populations.map(({ id }) => id).filter((id) => id.startsWith(store))
    const [least = '', most = ''] = [ids.at(0), ids.at(-1)]
    return ['read', 'write'].map((scenario) => ({
      name: `${scenario}: ${most} / ${least} sessions`,
      scenario,
      contender: most,
      against: least,
      bound: { atMost: flat },
    }))
  })
}
