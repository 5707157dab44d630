import type { Random } from '@session-cluster/visitor'
import { pause } from './pause.ts'

/** When each request of a stretch of load is due, in milliseconds from its start: known before the first is sent. */
export type Schedule = readonly number[]

/** Independent users arrive as a Poisson process: exponential gaps around the mean. The same random stream, the same schedule. */
export function poissonSchedule(options: { perSecond: number; durationMs: number; random: Random }): Schedule {
  const due: number[] = []
  const meanGap = 1000 / options.perSecond
  for (let at = 0; ; ) {
    at -= Math.log(1 - options.random()) * meanGap
    if (at >= options.durationMs) return due
    due.push(at)
  }
}

/** One request every `1000 / perSecond` milliseconds, `count` of them. */
export function steadySchedule(options: { perSecond: number; count: number }): Schedule {
  return Array.from({ length: options.count }, (_, index) => (index * 1000) / options.perSecond)
}

/** A request that is over, however it ended. Times in milliseconds from the start of the load. */
export interface Sample<T> {
  readonly index: number
  readonly dueMs: number
  readonly sentMs: number
  readonly doneMs: number
  /** From when it was *due*: a request that had to queue because others were slow shows it (no coordinated omission). */
  readonly latencyMs: number
  readonly result: T
}

export interface OpenLoopOptions {
  readonly signal?: AbortSignal
}

/**
 * Sends requests when they are due, whether or not earlier ones have been answered, and resolves when all have ended.
 * `send` has to settle by itself (time-outs are its own) and must not throw for an answer it dislikes.
 */
export async function openLoop<T>(
  schedule: Schedule,
  send: (index: number) => Promise<T>,
  options: OpenLoopOptions = {},
): Promise<Sample<T>[]> {
  const startedAt = performance.now()
  const now = () => performance.now() - startedAt
  const underWay: Promise<Sample<T>>[] = []
  for (const [index, dueMs] of schedule.entries()) {
    const early = dueMs - now()
    if (early > 0) await pause(early, options.signal)
    options.signal?.throwIfAborted()
    const sentMs = now()
    const request = send(index).then((result) => {
      const doneMs = now()
      return { index, dueMs, sentMs, doneMs, latencyMs: doneMs - dueMs, result }
    })
    request.catch(() => {}) // Waited for below: an abort must not leave it without a listener until then.
    underWay.push(request)
  }
  return Promise.all(underWay)
}

/** Runs `tasks` at most `limit` at a time and keeps their order: for steps whose pace is not what is measured. */
export async function inParallel<T, R>(
  items: readonly T[],
  limit: number,
  task: (item: T, index: number) => Promise<R>,
): Promise<R[]> {
  const results = new Array<R>(items.length)
  let next = 0
  const worker = async () => {
    for (let index = next++; index < items.length; index = next++) results[index] = await task(items[index] as T, index)
  }
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker))
  return results
}
