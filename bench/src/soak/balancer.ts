import { fileURLToPath } from 'node:url'
import { contendersWith, findPrograms } from '../balancer/contenders.ts'
import { type Balanced, startNodes, startOurs } from '../balancer/start.ts'
import { ask } from '../load/ask.ts'
import { message, startGenerator } from '../load/generator.ts'
import { getRequest } from '../load/job.ts'
import { environment } from '../measure/environment.ts'
import { table } from '../report/table.ts'
import { holdIdle, type Idle, idleTable } from './idle.ts'
import type { SoakOptions, SoakOutcome } from './soak.ts'

const probe = fileURLToPath(new URL('heap-probe.ts', import.meta.url))
const connections = 32
/** The heap at the last reading may differ from the one at the first by this share. */
const steady = 0.05

interface Reading {
  readonly requests: number
  readonly heapBytes: number
}

/** What the balancer's heap holds, from 200,000 requests on to 1,000,000, with each engine; and 10,000 idle clients on it and on its peers. */
export async function soakBalancer(options: SoakOptions): Promise<SoakOutcome> {
  const step = options.quick ? 1_000 : 200_000
  const env = environment([])
  const readings: Record<string, Reading[]> = {}
  for (const engine of ['direct', 'http-proxy']) readings[engine] = await soakEngine(engine, step, options)
  const idle = await holdClients(options)
  const rows = Object.entries(readings).flatMap(([engine, list]) =>
    list.map(({ requests, heapBytes }) => [engine, String(requests), (heapBytes / 2 ** 20).toFixed(2)]),
  )
  const growth = Object.entries(readings).map(([engine, list]) => ({ engine, share: growthOf(list) }))
  const verdicts = growth.map(({ engine, share }) => {
    const verdict = options.quick ? 'not judged' : Math.abs(share) < steady ? 'met' : 'missed'
    return [engine, `${(share * 100).toFixed(1)} %`, `< ${steady * 100} %`, verdict]
  })
  return {
    text: `${table(['engine', 'requests', 'heap, MiB'], rows, [1, 2])}\n\n${table(['engine', 'last against first', 'bound', 'verdict'], verdicts, [1])}\n\n${idleTable(idle)}`,
    json: { environment: env, readings, growth, idle },
    failed: [
      ...growth.filter(({ share }) => Math.abs(share) >= steady).map(({ engine }) => `the heap with ${engine}`),
      ...idle.filter(isLetDown).map(({ contender, held }) => `${contender} held ${held} idle clients`),
    ],
  }
}

const isLetDown = ({ contender, held, clients }: Idle): boolean => contender.startsWith('ours') && held < clients

async function holdClients({ quick, say }: SoakOptions): Promise<Idle[]> {
  await using nodes = await startNodes()
  const idle: Idle[] = []
  for (const contender of contendersWith(await findPrograms(say))) {
    idle.push(await holdIdle(contender, nodes.ports, quick ? 200 : 10_000, quick ? 100 : 10_000))
    say(`idle clients: ${contender.title}`)
  }
  return idle
}

/** The change from the first reading to the last, as a share of the first. */
export function growthOf(readings: readonly Reading[]): number {
  const [first, last] = [readings.at(0), readings.at(-1)]
  if (!first || !last) throw new RangeError('No readings.')
  return last.heapBytes / first.heapBytes - 1
}

async function soakEngine(engine: string, step: number, options: SoakOptions): Promise<Reading[]> {
  await using nodes = await startNodes()
  await using generator = await startGenerator()
  await using running = await startOurs(engine, nodes.ports, ['--expose-gc', '--import', probe])
  const answers = await Promise.all(Array.from({ length: connections }, () => ask(running.port, '/')))
  const heads = answers.map(({ cookies }) => getRequest('/', cookies))
  const readings: Reading[] = []
  for (let turn = 1; turn <= 5; turn++) {
    await generator.run({ port: running.port, connections, requests: step, heads, timeoutMs: 900_000 })
    readings.push({ requests: turn * step, heapBytes: await heap(running) })
    options.say(`${engine}: ${turn * step} requests`)
  }
  return readings
}

async function heap(running: Balanced): Promise<number> {
  running.child.send('heap')
  return ((await message(running.child)) as { heapBytes: number }).heapBytes
}
