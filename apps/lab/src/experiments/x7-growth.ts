import { median } from '@session-cluster/visitor'
import { experiment } from '../experiment.ts'
import type { History } from '../history.ts'
import { formatNumber, text } from '../language.ts'
import { lines } from '../pictures/lines.ts'
import { withinPatience } from '../rig/until.ts'
import { type Check, counted } from '../verdict.ts'
import {
  costCheck,
  costsIn,
  type Grown,
  givenBack,
  grownIn,
  placed,
  straightness,
  type Where,
  type X7Row,
} from './x7-grown.ts'
import { growInMemory } from './x7-memory.ts'
import { growInRedis } from './x7-redis.ts'

const valueSizes = [1000, 4000] as const
/** Into how many steps the growth is cut: five pairs of one in the first half and one in the second. */
const steps = 10
const places: readonly Where[] = (['memory', 'Redis'] as const).flatMap((place) =>
  valueSizes.map((valueBytes) => ({ place, valueBytes })),
)

/** X7: what many sessions cost in memory, whether they make requests dearer, and whether their memory comes back. */
export const growth = experiment<X7Row>({
  id: 'X7',
  on: 'parts',
  title: text(
    'Memory grows with the sessions and comes back with their end',
    '메모리는 세션만큼 늘고, 세션이 끝나면 돌아온다',
  ),
  says: text(
    'Sessions take memory, on the servers or in the store: so much each, no more for a request when there are many, and none after they have expired.',
    '세션은 서버나 저장소의 메모리를 차지합니다. 하나당 일정하게, 많아져도 요청은 비싸지지 않고, 만료 뒤에는 남지 않습니다.',
  ),
  steps: text(
    'A memory store in a process of its own and a real Redis are filled with sessions of 1 and 4 kB (10,000 each; 100,000 and 1,000,000 in the full preset), read at a tenth and at all of that, and left to expire; then filled a little and left to expire again and again.',
    '따로 띄운 프로세스의 메모리 저장소와 실제 Redis를 1 kB와 4 kB 세션으로 채웁니다(1만 개씩, full 프리셋에서는 10만과 100만). 10분의 1일 때와 다 찼을 때 읽어 보고, 만료되게 둡니다. 이어서 조금 채우고 만료시키기를 되풀이합니다.',
  ),
  expected: text(
    'memory grows in a straight line, in the second half as in the first; a request costs the same at a tenth and at all; after expiry nothing is held and the memory is given back',
    '메모리는 일직선으로, 후반에도 전반만큼 늘고, 읽는 비용은 10분의 1일 때와 같으며, 만료 뒤에는 아무것도 남지 않고 메모리도 돌아온다',
  ),
  limits: text(
    'The memory store and Redis run in processes of their own, without a balancer before them. Pauses of the garbage collector are those of this machine, and only observed.',
    '메모리 저장소와 Redis는 따로 띄운 프로세스에서, 로드 밸런서 없이 잽니다. 가비지 컬렉터의 멈춤은 이 기계의 것이며 관찰만 합니다.',
  ),
  async run(lab) {
    const sessions = lab.size({ quick: 10_000, full: 100_000 })
    for (const valueBytes of valueSizes) await growInMemory(lab, { sessions, valueBytes, steps })
    for (const valueBytes of valueSizes)
      await growInRedis(lab, { sessions: lab.size({ quick: 10_000, full: 1_000_000 }), valueBytes, steps })
  },
  judge(history) {
    const all = places.map((where) => grownIn(history, where))
    const [inMemory, inRedis] = (['memory', 'Redis'] as const).map((place) =>
      all.filter((each) => each.place === place),
    )
    const perSession = (grown: Grown) => formatNumber(Math.round(grown.grownBytes / grown.sessions))
    return {
      headline: {
        value: (inMemory ?? []).map(perSession).join(' / '),
        label: text(
          `bytes for a session of ${valueSizes.join(' / ')} bytes in a server’s memory; in Redis ${(inRedis ?? []).map(perSession).join(' / ')}`,
          `서버 메모리에서 ${valueSizes.join(' / ')}바이트 세션 하나가 차지하는 바이트. Redis에서는 ${(inRedis ?? []).map(perSession).join(' / ')}`,
        ),
      },
      checks: places.flatMap((where) => growthChecks(history, where)),
      observations: (inMemory ?? []).map((grown) => ({
        what: text(
          `memory, ${grown.valueBytes / 1000} kB: longest pause for garbage collection, ms`,
          `메모리, ${grown.valueBytes / 1000} kB: 가장 긴 GC 멈춤, ms`,
        ),
        value: grown.longestPauseMs,
      })),
      pictures: [picture(all)],
      figures: {
        ...Object.fromEntries(
          all.map(({ place, valueBytes, grownBytes, sessions }) => [
            `${place}Bytes${valueBytes}`,
            grownBytes / sessions,
          ]),
        ),
        redisMicrosPerLoad: 1e6 * median(costsIn(history, { place: 'Redis', valueBytes: 1000 })),
      },
    }
  },
})

/** What one place has to answer for. */
export function growthChecks(history: History<X7Row>, where: Where): Check[] {
  const grown = grownIn(history, where)
  const name = placed(grown)
  const limit = withinPatience(history.settings)
  return [
    counted(text(`${name.en}: sessions held when full`, `${name.ko}: 다 찼을 때의 세션`), grown.held, grown.sessions),
    counted(
      text(`${name.en}: sessions held after expiry, ${limit.en}`, `${name.ko}: 만료 뒤 ${limit.ko} 남은 세션`),
      grown.left,
      0,
    ),
    straightness(history, grown),
    givenBack(history, where),
    costCheck(history, where),
  ]
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
