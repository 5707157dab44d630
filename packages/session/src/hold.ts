import type { ServerResponse } from 'node:http'

type Held = { readonly method: 'writeHead' | 'write' | 'end' | 'flushHeaders'; readonly args: unknown[] }

/** Whether a held response is still unsent in truth, and how many bytes it holds. */
export interface HeldResponse {
  /** Whether the handler has begun to answer: from its point of view the headers are sent. */
  readonly sent: boolean
}

/**
 * Keeps a response from leaving: its first byte waits until `before` has resolved; what the handler writes meanwhile is
 * kept and sent after. If `before` rejects, all that is dropped and `instead` answers. A handler notices nothing, save
 * that `write` answers `false` while it waits, with a `drain` event after.
 */
export function holdResponse(
  response: ServerResponse,
  before: (statusCode: number) => Promise<void> | undefined,
  instead: (error: unknown) => void,
): HeldResponse {
  const queue: Held[] = []
  const state = { sent: false }
  const own = ['writeHead', 'write', 'end', 'flushHeaders'] as const

  function release(): void {
    for (const method of own) delete (response as Partial<ServerResponse>)[method]
  }

  function begin(): void {
    state.sent = true
    const status = queue.find(({ method }) => method === 'writeHead')?.args[0]
    const work = before(typeof status === 'number' ? status : response.statusCode)
    if (!work) {
      replay()
      return
    }
    work.then(replay, (error: unknown) => {
      release()
      instead(error)
    })
  }

  function replay(): void {
    release()
    let wrote = false
    for (const { method, args } of queue) {
      ;(response[method] as (...args: unknown[]) => unknown)(...args)
      wrote ||= method === 'write'
    }
    if (wrote && !response.writableEnded && !response.writableNeedDrain) response.emit('drain')
  }

  const hold = (method: Held['method'], answer: unknown) =>
    function held(...args: unknown[]): unknown {
      queue.push({ method, args })
      // A status alone sends nothing yet; the first byte of the body (or its end) does.
      if (!state.sent && method !== 'writeHead') begin()
      return answer
    }

  Object.assign(response, {
    writeHead: hold('writeHead', response),
    write: hold('write', false),
    end: hold('end', response),
    flushHeaders: hold('flushHeaders', undefined),
  })
  return state
}
