import { ask } from '../load/ask.ts'
import { type Monitor, startMonitor } from '../redis/monitor.ts'
import type { RedisServer } from '../redis/server.ts'
import { startTurnCounter, type TurnCounter } from '../redis/turns.ts'
import { type Contender, contenders, type Running, start } from './contenders.ts'
import { begin } from './proof.ts'

/** What one kind of request costs the store. */
export interface Count {
  readonly contender: string
  readonly request: 'untouched' | 'read' | 'read, touch due' | 'write' | 'rotate'
  /** Commands of each request watched, as MONITOR saw them. */
  readonly commands: readonly string[][]
  /** Times that each request waited for Redis. */
  readonly roundTrips: readonly number[]
  /** What is promised of ours; peers are only counted. */
  readonly promised?: Promised
}

/** Round trips are promised always; a touch may travel as a command of its own or inside another. */
interface Promised {
  readonly commands?: number
  readonly roundTrips: number
}

const ours = {
  untouched: { commands: 0, roundTrips: 0 },
  read: { commands: 1, roundTrips: 1 },
  'read, touch due': { roundTrips: 1 },
  write: { commands: 2, roundTrips: 2 },
  rotate: { commands: 2, roundTrips: 2 },
} satisfies Record<Count['request'], Promised>

/** The synchronous face loads the session of every request that brings an id, and costs nothing more. */
const promises: Record<string, Partial<Record<Count['request'], Promised>>> = {
  'ours-redis': ours,
  // What a read costs that hits.
  'ours-hybrid': { untouched: ours.untouched, read: ours.untouched },
  'sync-redis': { untouched: ours.read, read: ours.read, write: ours.write },
}

/** Requests watched of each kind. */
const watched = 5

/** Counts commands and round trips per request of every contender that keeps sessions in Redis, one request at a time. */
export async function countCommands(redis: RedisServer): Promise<Count[]> {
  await using monitor = await startMonitor(redis.port)
  await using turns = await startTurnCounter(redis.port)
  const counts: Count[] = []
  const url = `redis://127.0.0.1:${turns.port}`
  for (const contender of contenders.filter(({ redis }) => redis)) {
    // A near cache's lease is long here, so that what renews it is not counted; but then an end waits for it.
    await using running = await start(contender, url, { LEASE_MS: '60000' })
    for (const request of ['untouched', 'read', 'write', 'rotate'] as const) {
      if (contender.id === 'ours-hybrid' && request === 'rotate') continue
      counts.push(await count(contender, running, request, monitor, turns))
    }
    if (contender.id !== 'ours-redis') continue
    await using touching = await start(contender, url, { TOUCH_EVERY_MS: '0' })
    counts.push(await count(contender, touching, 'read, touch due', monitor, turns))
  }
  return counts
}

async function count(
  contender: Contender,
  running: Running,
  request: Count['request'],
  monitor: Monitor,
  turns: TurnCounter,
): Promise<Count> {
  let cookie = await begin(contender, running)
  const path = `/${request.split(',')[0]}`
  // Not counted: connecting, and a script's first use, which sends its text.
  cookie = kept(cookie, (await ask(running.port, path, cookie)).cookies)
  // Twice: word of the session's making may have come between.
  cookie = kept(cookie, (await ask(running.port, path, cookie)).cookies)
  const commands: string[][] = []
  const roundTrips: number[] = []
  for (let turn = 0; turn < watched; turn++) {
    turns.read()
    const seen = await monitor.commands(async () => {
      cookie = kept(cookie, (await ask(running.port, path, cookie)).cookies)
    })
    commands.push(seen.map(({ name }) => name))
    roundTrips.push(turns.read())
  }
  const counted = { contender: contender.title, request, commands, roundTrips }
  const promised = promises[contender.id]?.[request]
  return promised ? { ...counted, promised } : counted
}

/** What a client holds after an answer: a cookie of another name does not take the place of the session's. */
function kept(cookie: string, given: string): string {
  const nameOf = (text: string): string => text.slice(0, text.indexOf('='))
  return given !== '' && nameOf(given) === nameOf(cookie) ? given : cookie
}

/** Whether every watched request cost what is promised; peers promise nothing. */
export function keepsPromise({ commands, roundTrips, promised }: Count): boolean {
  if (!promised) return true
  const { commands: asMany } = promised
  return (
    roundTrips.every((trips) => trips === promised.roundTrips) &&
    (asMany === undefined || commands.every((names) => names.length === asMany))
  )
}
