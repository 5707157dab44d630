import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { ask } from '@session-cluster/cluster/load'
import { type Experiment, type Lab, prove } from '../experiment.ts'
import { formatNumber, type Text, text } from '../language.ts'
import { inParallel } from '../load/open-loop.ts'
import { inTurns, judgedRounds } from '../load/rounds.ts'
import { lines } from '../pictures/lines.ts'
import { type Check, counted, ratio } from '../verdict.ts'
import type { HolderState, Order } from './x7-holder.ts'
import { growInRedis } from './x7-redis.ts'

const valueSizes = [1000, 4000] as const
const steps = 5
/** How many requests one measurement of their cost takes. */
const requests = 1000

/** X7: what many sessions cost in memory, whether they make requests dearer, and whether their memory comes back. */
export const growth: Experiment = {
  id: 'X7',
  title: text(
    'Memory grows with the sessions and comes back with their end',
    '메모리는 세션만큼 늘고, 세션이 끝나면 돌아온다',
  ),
  says: text(
    'Sessions take memory, on the servers or in the store: so much each, no more for a request when there are many, and none after they have expired.',
    '세션은 서버나 저장소의 메모리를 차지합니다. 하나당 일정하게, 많아져도 요청은 비싸지지 않고, 만료 뒤에는 남지 않습니다.',
  ),
  steps: text(
    'A memory store in a process of its own and a real Redis are filled with sessions of 1 and 4 kB (10,000 each; 100,000 and 1,000,000 in the full preset), read at a tenth and at all of that, and left to expire.',
    '따로 띄운 프로세스의 메모리 저장소와 실제 Redis를 1 kB와 4 kB 세션으로 채웁니다(1만 개씩, full 프리셋에서는 10만과 100만). 10분의 1일 때와 다 찼을 때 읽어 보고, 만료되게 둡니다.',
  ),
  expected: text(
    'memory grows in a straight line; a request costs the same at a tenth and at all; after expiry nothing is held and the memory is given back',
    '메모리는 일직선으로 늘고, 읽는 비용은 10분의 1일 때와 같으며, 만료 뒤에는 아무것도 남지 않고 메모리도 돌아온다',
  ),
  limits: text(
    'Pauses of the garbage collector are those of this machine, and only observed.',
    '가비지 컬렉터의 멈춤은 이 기계의 것이며 관찰만 합니다.',
  ),
  async run(lab) {
    const sessions = lab.size({ quick: 10_000, full: 100_000 })
    const inMemory: MemoryGrowth[] = []
    for (const valueBytes of valueSizes) inMemory.push(await growInMemory(lab, sessions, valueBytes))
    const inRedis: Grown[] = []
    for (const valueBytes of valueSizes)
      inRedis.push(
        await growInRedis(lab, { sessions: lab.size({ quick: 10_000, full: 1_000_000 }), valueBytes, steps }),
      )
    const all = [...inMemory, ...inRedis]
    const perSession = (grown: Grown) => formatNumber(Math.round(grown.grownBytes / grown.sessions))
    return {
      headline: {
        value: inMemory.map(perSession).join(' / '),
        label: text(
          `bytes for a session of ${valueSizes.join(' / ')} bytes in a server’s memory; in Redis ${inRedis.map(perSession).join(' / ')}`,
          `바이트: 서버 메모리에서 ${valueSizes.join(' / ')}바이트 세션 하나가 차지하는 양. Redis에서는 ${inRedis.map(perSession).join(' / ')}`,
        ),
      },
      checks: all.flatMap((grown) => {
        const where = placed(grown)
        return [
          counted(
            text(`${where.en}: sessions held when full`, `${where.ko}: 다 찼을 때의 세션`),
            grown.held,
            grown.sessions,
          ),
          counted(text(`${where.en}: sessions held after expiry`, `${where.ko}: 만료 뒤의 세션`), grown.left, 0),
          ratio(
            text(
              `${where.en}: share of the memory that stays after expiry`,
              `${where.ko}: 만료 뒤에 남는 메모리의 비율`,
            ),
            [grown.stays],
            { atMost: 0.2 },
            { random: lab.random('stays') },
          ),
          ...grown.costs,
        ]
      }),
      observations: inMemory.map((grown) => ({
        what: text(
          `memory, ${grown.valueBytes / 1000} kB: longest pause for garbage collection, ms`,
          `메모리, ${grown.valueBytes / 1000} kB: 가장 긴 GC 멈춤, ms`,
        ),
        value: grown.longestPauseMs,
      })),
      pictures: [picture(all)],
    }
  },
}

/** How one place took many sessions. */
export interface Grown {
  readonly place: 'memory' | 'Redis'
  readonly valueBytes: number
  readonly sessions: number
  readonly held: number
  readonly left: number
  readonly grownBytes: number
  /** Of what was grown, how much is still there after expiry: 0 to 1. */
  readonly stays: number
  /** What came of comparing the cost of a request. */
  readonly costs: readonly Check[]
  readonly curve: readonly { readonly sessions: number; readonly bytes: number }[]
}

/** `memory, 4 kB`: where sessions of which size are. */
function placed({ place, valueBytes }: Pick<Grown, 'place' | 'valueBytes'>): Text {
  const size = `${valueBytes / 1000} kB`
  return text(`${place}, ${size}`, `${place === 'memory' ? '메모리' : place}, ${size}`)
}

/** Both measured in turns, in any unit. */
export interface Costs {
  readonly many: () => Promise<number>
  readonly few: () => Promise<number>
}

/** Compares the CPU time of a request (memory) or a load (Redis) with all sessions to that with a tenth of them. */
export async function costChecks(
  lab: Lab,
  { place, valueBytes }: Pick<Grown, 'place' | 'valueBytes'>,
  costs: Costs,
): Promise<readonly Check[]> {
  const where = placed({ place, valueBytes })
  const oneRound = (round: number) => inTurns(['many', 'few'], round, (name) => costs[name]())
  await oneRound(0) // Warms up.
  const { checks, rounds } = await judgedRounds(lab, oneRound, (taken, confidence) => [
    ratio(
      text(
        `${where.en}: cost of a request at all over at a tenth`,
        `${where.ko}: 읽는 비용, 전부일 때 ÷ 10분의 1일 때`,
      ),
      taken.map(({ many, few }) => many / few),
      { atMost: 1.5 },
      { random: lab.random(where.en), ...confidence },
    ),
  ])
  lab.record({ step: 'cost', place, valueBytes, rounds })
  return checks
}

type MemoryGrowth = Grown & { readonly longestPauseMs: number }

async function growInMemory(lab: Lab, sessions: number, valueBytes: number): Promise<MemoryGrowth> {
  await using holder = await Holder.start(lab)
  await using small = await Holder.start(lab)
  const empty = await holder.ask({ do: 'fill', upTo: 0, valueBytes })
  await small.ask({ do: 'fill', upTo: sessions / 10, valueBytes })
  const curve = [{ sessions: 0, bytes: 0 }]
  let full = empty
  let longestPauseMs = 0
  for (let step = 1; step <= steps; step++) {
    lab.progress(
      step / steps,
      text(`memory: ${(sessions * step) / steps} sessions`, `메모리: 세션 ${(sessions * step) / steps}개`),
    )
    full = await holder.ask({ do: 'fill', upTo: (sessions * step) / steps, valueBytes })
    longestPauseMs = Math.max(longestPauseMs, full.longestPauseMs)
    curve.push({ sessions: full.sessions, bytes: full.heapBytes - empty.heapBytes })
  }
  const costs = await costChecks(
    lab,
    { place: 'memory', valueBytes },
    { many: () => holder.cpuPerRequest(lab, sessions), few: () => small.cpuPerRequest(lab, sessions / 10) },
  )
  const after = await holder.ask({ do: 'expire' })
  const grownBytes = full.heapBytes - empty.heapBytes
  const stays = Math.max(0, after.heapBytes - empty.heapBytes) / grownBytes
  const grown = {
    place: 'memory' as const,
    valueBytes,
    sessions,
    held: full.sessions,
    left: after.sessions,
    grownBytes,
    stays,
    costs,
    curve,
  }
  lab.record({ step: 'growth', ...grown })
  return { ...grown, longestPauseMs }
}

/** The process that holds sessions, seen from here. */
class Holder implements AsyncDisposable {
  readonly #child: ChildProcess
  readonly #signal: AbortSignal

  private constructor(child: ChildProcess, signal: AbortSignal) {
    this.#child = child
    this.#signal = signal
  }

  static async start({ signal }: Lab): Promise<Holder> {
    const child = fork(fileURLToPath(new URL('x7-holder.ts', import.meta.url)), { execArgv: ['--expose-gc'] })
    await once(child, 'message', { signal })
    return new Holder(child, signal)
  }

  async ask(order: Order): Promise<HolderState> {
    this.#child.send(order)
    const [state] = (await once(this.#child, 'message', { signal: this.#signal })) as [HolderState]
    return state
  }

  /** Its CPU time for one request that reads one session, in µs; requests go all over the sessions. */
  async cpuPerRequest(lab: Lab, sessions: number): Promise<number> {
    const before = await this.ask({ do: 'look' })
    await inParallel(Array.from({ length: requests }), 10, async (_, index) => {
      lab.signal.throwIfAborted()
      const { body } = await ask(new URL(`/${(index * 7919) % sessions}`, before.url))
      prove(Number(body) > 0, `a session is served, not ${body}`)
    })
    return ((await this.ask({ do: 'look' })).cpuMicros - before.cpuMicros) / requests
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null) return
    const gone = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await gone
  }
}

function picture(all: readonly Grown[]) {
  return lines({
    id: 'growth',
    title: text('Memory against the number of sessions', '세션 수에 따른 메모리'),
    caption: text('Straight lines: every session costs the same.', '직선이면 세션마다 같은 값을 치른다는 뜻입니다.'),
    points: all.flatMap(({ place, valueBytes, curve }) =>
      curve.map(({ sessions, bytes }) => ({
        series: placed({ place, valueBytes }),
        x: sessions,
        y: bytes / 2 ** 20,
      })),
    ),
    x: { title: text('sessions', '세션') },
    y: { title: text('memory grown, MiB', '늘어난 메모리, MiB') },
  })
}
