import { type Cluster, startRedis } from '@session-cluster/cluster'
import { redisOptions } from '@session-cluster/session'
import { Redis } from 'ioredis'
import { expect, it } from 'vitest'
import type { Experiment } from '../../src/experiment.ts'
import { experiments } from '../../src/experiments/index.ts'
import { clusterTrouble } from '../../src/experiments/x2-cluster.ts'
import { failover } from '../../src/experiments/x2-failover.ts'
import { growth, growthChecks } from '../../src/experiments/x7-growth.ts'
import { growInRedis } from '../../src/experiments/x7-redis.ts'
import { text } from '../../src/language.ts'
import type { Result } from '../../src/results.ts'
import type { ReplicatedRedis } from '../../src/rig/replicated-redis.ts'
import { counts, type Otherwise, runSmall } from './run-small.ts'
import { modeInstead, nodesAfter, nodesWith, type Wrong, wrongCluster } from './wrong-cluster.ts'

interface Falsehood extends Pick<Otherwise, 'patienceMs'> {
  readonly id: string
  readonly when: string
  readonly wrong: Wrong
  /** The counts that come out wrong, all of them. */
  readonly counts: readonly RegExp[]
}

/** A link that takes the same time whatever it is told. */
function withoutDelay({ redisLink }: Cluster): void {
  if (redisLink) Object.defineProperty(redisLink, 'latencyMs', { get: () => 0, set: () => {} })
}

const falsehoods: readonly Falsehood[] = [
  {
    id: 'C1',
    when: 'the nodes share their sessions',
    wrong: modeInstead('local', 'clustered'),
    counts: [
      /^reads on a and b in turns after a save on a: found on a, missed on b: 3 \/ 0, expected 3 \/ 3/,
      /^one jar, six writes in turns: cookie replaced: 0, expected 6/,
      /^a jar for each node, six writes: cookie replaced: 0, expected 2/,
      /^round robin: reads found, missed: 120 \/ 0, expected 60 \/ 60/,
    ],
  },
  {
    id: 'C2',
    when: 'affinity is switched off',
    wrong: modeInstead('sticky', 'local'),
    counts: [
      /^users who saw no other node than the one that saved: \d+, expected 30/,
      /^reads: found, missed, failed: \d+ \/ \d+ \/ 0, expected 600 \/ 0 \/ 0/,
    ],
  },
  {
    id: 'C3',
    when: 'affinity is switched off',
    wrong: modeInstead('sticky', 'local'),
    counts: [/^sticky: reads found on a, b, c: 0 \/ 30 \/ 0, expected 0 \/ 90 \/ 0/],
  },
  {
    id: 'C4',
    when: 'the sessions are not in the node that dies',
    wrong: modeInstead('sticky', 'clustered'),
    counts: [
      /^redispatch: b’s sessions lost: 0, expected 30/,
      /^redispatch: afterwards, one read each: found, lost, error: 90 \/ 0 \/ 0, expected 60 \/ 30 \/ 0/,
      /^strict: b’s sessions lost: 0, expected 30/,
    ],
  },
  {
    id: 'C5',
    when: 'commits are dropped on their way to Redis',
    wrong: nodesAfter('drop-commits.ts'),
    counts: [
      /^sessions lost after the crash, the arrival, the departure: 90 \/ 90 \/ 90, expected 0 \/ 0 \/ 0/,
      /^after the crash, one read each: found on a, c: 0 \/ 0, expected/,
      /^after the arrival: found on a, c, d: 0 \/ 0 \/ 0, expected/,
      /^after the departure: found on c, d: 0 \/ 0, expected/,
      /^reads that missed meanwhile, in each step: \d+ \/ \d+ \/ \d+, expected 0 \/ 0 \/ 0/,
    ],
  },
  {
    id: 'C6',
    when: 'the way to the store takes no longer',
    wrong: { running: withoutDelay },
    counts: [
      /^read: requests answered sooner than 1 × the delay: [1-9]/,
      /^write: requests answered sooner than 2 × the delay: [1-9]/,
    ],
  },
  {
    id: 'X3',
    when: 'a node never connects to Redis again',
    wrong: nodesAfter('never-again.ts'),
    patienceMs: 1000,
    counts: [
      /^found again within 1 s of its return, without .* refused \(port closed\): 9 \/ \d \/ 0, expected 9 \/ 9 \/ 9/,
    ],
  },
  {
    id: 'X6',
    when: 'sessions outlive their idle time',
    wrong: nodesWith({ SESSION_IDLE_TIMEOUT_MS: '600000' }),
    patienceMs: 100,
    counts: [
      /^an id past its idle time: served, of 1: 1, expected 0/,
      /^sessions in Redis past their idle time, within 0.1 s: 1, expected 0/,
    ],
  },
  {
    id: 'X10',
    when: 'commits are dropped on their way to Redis, so that it never fills',
    wrong: nodesAfter('drop-commits.ts'),
    counts: [/^noeviction: saves refused: none, expected some/, /^noeviction: confirmed sessions gone: [1-9]/],
  },
]

/** Stretches of load: what is wrong is wrong from the first request on. */
const shortMs = 90

/** A finding, not an error; and all that is wrong, and nothing else, is named. */
function expectToFail(result: Result, wrong: readonly RegExp[]): void {
  expect(counts(result)).toMatchObject({ error: undefined, wrong: wrong.map((line) => expect.stringMatching(line)) })
  expect(result.verdict).toBe('fails')
}

it.for(falsehoods.map((each) => [each.id, each.when, each] as const))(
  '%s fails when %s',
  async ([id, , { wrong, counts: expected, ...otherwise }], { signal }) => {
    const experiment = experiments.find((each) => each.id === id)
    if (!experiment) throw new Error(`there is no ${id}`)
    const result = await runSmall(experiment, signal, {
      ...otherwise,
      durationMs: shortMs,
      startCluster: wrongCluster(wrong),
    })
    expectToFail(result, expected)
  },
)

const headline = { value: '–', label: text('–', '–') }

it('X7 fails when Redis does not let the sessions go in time', async ({ signal }) => {
  const redisAlone: Experiment = {
    ...growth,
    async run(lab) {
      const grown = await growInRedis(lab, { sessions: 500, valueBytes: 1000, steps: 10 })
      return { headline, checks: growthChecks(lab, grown), observations: [], pictures: [] }
    },
  }
  expectToFail(await runSmall(redisAlone, signal, { patienceMs: 0 }), [
    /^Redis, 1 kB: sessions held after expiry, within 0 s: [1-9]/,
  ])
})

it('X2 fails when nothing takes the place of the primary', async ({ signal }) => {
  const alone = async (): Promise<ReplicatedRedis> => {
    const redis = await startRedis()
    const client = new Redis(redis.url, redisOptions)
    client.on('error', () => {}) // Expected once it is killed.
    return {
      // As if replicas had heard of everything: none of them is there when they are needed.
      client: Object.assign(client, { wait: async () => 2 }),
      killPrimary: () => redis.crash(),
      async [Symbol.asyncDispose]() {
        client.disconnect()
        await redis[Symbol.asyncDispose]()
      },
    }
  }
  const result = await runSmall(
    failover(alone, (lab) => clusterTrouble(lab, false)),
    signal,
    { patienceMs: 500 },
  )
  expectToFail(result, [
    /^without WAIT: acknowledged sessions lost: not known of \d+, expected some/,
    /^with WAIT: acknowledged sessions lost: not known of \d+, expected 0/,
    /^failovers after which writing went on by itself within 0.5 s: 0, expected 2/,
    /^Cluster: its users were all served again within 0.5 s: no, expected yes/,
  ])
})
