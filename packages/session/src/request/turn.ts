import { conflict } from './conflict.ts'
import type { RequestSession } from './request-session.ts'
import { WaitedTooLong } from './serial-queue.ts'

/** Runs a task when those with the same key on this node have ended, so that they do not meet in the store. */
export async function inTurn<T>(
  request: RequestSession,
  key: string,
  what: string,
  task: () => Promise<T>,
): Promise<T> {
  const { updates, options } = request.manager
  try {
    return await updates.run(key, task, options.updateWaitMs)
  } catch (error) {
    if (!(error instanceof WaitedTooLong)) throw error
    throw conflict(
      request,
      `${what} waited ${options.updateWaitMs} ms for others of this session or user on this server: ` +
        'one is slow, or waits for a request that waits for it',
    )
  }
}
