import { type Cluster, type startCluster, startRedis } from '@session-cluster/cluster'
import { redisOptions } from '@session-cluster/session'
import { Redis } from 'ioredis'
import type { Experiment } from '../experiment.ts'
import { serializer } from '../experiments/c7-serializer.ts'
import { clusterTrouble } from '../experiments/x2-cluster.ts'
import { failover } from '../experiments/x2-failover.ts'
import { reshuffle } from '../experiments/x5-reshuffle.ts'
import { secondBalancer } from '../experiments/x12-second-balancer.ts'
import { type Text, text } from '../language.ts'
import { fieldNodes } from '../rig/control.ts'
import type { ReplicatedRedis } from '../rig/replicated-redis.ts'
import { lyingCodecs } from './lying-codecs.ts'
import { modeInstead, nodesAfter, nodesWith, otherNodes, type Wrong, wrongCluster } from './wrong-cluster.ts'

/** How one claim is made false on purpose. */
export interface Broken {
  /** What is wrong, in words. */
  readonly when: Text
  /** The clusters that the experiment gets instead of those that it asks for. */
  readonly startCluster?: typeof startCluster
  /** The experiment over parts that are wrong, where it starts no cluster. */
  readonly experiment?: Experiment
  /** What is claimed to come by itself does not come: there is no use in waiting for long. */
  readonly patienceMs?: number
}

/** A link that takes the same time whatever it is told. */
function withoutDelay({ redisLink }: Cluster): void {
  if (redisLink) Object.defineProperty(redisLink, 'latencyMs', { get: () => 0, set: () => {} })
}

/** A balancer that is told of more servers and goes on with the first, and servers that nobody can hold to their share. */
function onlyTheFirst({ balancer }: Cluster): void {
  const add = balancer.add.bind(balancer)
  balancer.add = async (upstream) => (upstream.name === 'a' ? add(upstream) : undefined)
  const seen = balancer.untilSeen.bind(balancer)
  balancer.untilSeen = async (names, ...rest) =>
    seen(
      names.filter((name) => name === 'a'),
      ...rest,
    )
}

/** A Redis without replicas, which says of every write that all replicas have it. */
async function alone(): Promise<ReplicatedRedis> {
  const redis = await startRedis()
  const client = new Redis(redis.url, redisOptions)
  client.on('error', () => {}) // Expected once it is killed.
  return {
    client: Object.assign(client, { wait: async () => 2 }),
    killPrimary: () => redis.crash(),
    async [Symbol.asyncDispose]() {
      client.disconnect()
      await redis[Symbol.asyncDispose]()
    },
  }
}

const cluster = (when: Text, wrong: Wrong, patienceMs?: number): Broken => ({
  when,
  startCluster: wrongCluster(wrong),
  ...(patienceMs !== undefined && { patienceMs }),
})

const dropped = text(
  'the servers say that they saved and drop what they should have written',
  '서버가 저장했다고 답하고 실제로는 쓰지 않을 때',
)
const unpinned = text('the balancer pins nobody', '로드 밸런서가 아무도 고정하지 않을 때')
const field = text(
  'the servers read the session as a whole, change it and write it back (express-session, connect-redis)',
  '서버가 세션을 통째로 읽고 바꿔 다시 쓸 때(express-session, connect-redis)',
)

/** Every experiment against something that is not as it should be. */
export const broken: Readonly<Record<string, Broken>> = {
  C0: cluster(
    text(
      'the balancer sends everything to one server, however many there are',
      '서버를 늘려도 로드 밸런서가 한 대로만 보낼 때',
    ),
    { running: onlyTheFirst },
  ),
  C1: cluster(text('the servers share their sessions', '서버들이 세션을 공유할 때'), modeInstead('local', 'clustered')),
  C2: cluster(unpinned, modeInstead('sticky', 'local')),
  C3: cluster(unpinned, modeInstead('sticky', 'local')),
  C4: cluster(
    text('the sessions are not in the server that dies', '죽는 서버에 세션이 없을 때'),
    modeInstead('sticky', 'clustered'),
  ),
  C5: cluster(dropped, nodesAfter('drop-commits.ts')),
  C6: cluster(text('the way to the store takes no time', '저장소까지 지연이 없을 때'), { running: withoutDelay }),
  C7: {
    when: text(
      'a codec writes JSON and calls itself one that keeps every type',
      '코덱이 모든 타입을 지킨다고 하면서 JSON만 쓸 때',
    ),
    experiment: serializer(lyingCodecs),
  },
  X1: cluster(field, otherNodes(fieldNodes)),
  X2: {
    when: text(
      'there are no replicas, and the primary says that all of them have everything',
      '복제본이 없는데 주 Redis가 모두 받았다고 답할 때',
    ),
    experiment: failover(alone, (lab) => clusterTrouble(lab, false)),
    patienceMs: 2000,
  },
  X3: cluster(
    text('a server never connects to Redis again', '서버가 Redis에 다시 연결하지 않을 때'),
    nodesAfter('never-again.ts'),
    2000,
  ),
  X4: cluster(field, otherNodes(fieldNodes)),
  X5: {
    when: text('the balancer is started again with another secret', '로드 밸런서가 다른 비밀 값으로 다시 시작할 때'),
    experiment: reshuffle(['the lab compares two pools', 'another secret than that']),
  },
  X6: cluster(
    text('sessions outlive their idle time', '세션이 유휴 시간보다 오래 살 때'),
    nodesWith({ SESSION_IDLE_TIMEOUT_MS: '600000' }),
    500,
  ),
  X7: {
    when: text('nobody waits until Redis has let the sessions go', 'Redis가 세션을 버릴 때까지 기다리지 않을 때'),
    patienceMs: 0,
  },
  X8: cluster(
    text('sticky servers share their sessions after all', 'sticky 서버가 사실은 세션을 공유할 때'),
    modeInstead('sticky', 'clustered'),
  ),
  X9: cluster(
    text('the throttle is ignored: each read prolongs the session', '드문 갱신이 무시되어 읽을 때마다 갱신할 때'),
    nodesWith({ SESSION_TOUCH_EVERY_MS: '0' }),
  ),
  X10: cluster(dropped, nodesAfter('drop-commits.ts')),
  X11: cluster(
    text(
      'the cluster that should share its sessions keeps them in each server',
      '세션을 공유해야 할 클러스터가 서버마다 따로 가질 때',
    ),
    modeInstead('clustered', 'sticky'),
  ),
  X12: {
    when: text('the two balancers have different secrets', '두 로드 밸런서의 비밀 값이 다를 때'),
    experiment: secondBalancer(['the secret of the first', 'another secret than that']),
  },
  X13: cluster(
    text('no end waits for the other servers', '끝낼 때 다른 서버를 기다리지 않을 때'),
    nodesWith({ SESSION_CACHE_STRICT: 'false' }),
  ),
  X14: cluster(
    text('the near cache has room for nothing', '로컬 캐시에 자리가 없을 때'),
    nodesWith({ SESSION_CACHE_MAX_BYTES: '0' }),
    500,
  ),
}
