import type { ServerResponse } from 'node:http'

type Held = { readonly method: 'write' | 'end' | 'flushHeaders'; readonly args: unknown[] }

/** Whether a held response is still unsent in truth, and how many bytes it holds. */
export interface DeferredResponse {
  /** Whether the handler has begun to answer: from its point of view the headers are sent. */
  readonly sent: boolean
}

/**
 * Keeps a response from leaving: its first byte waits until `before` has resolved; what the handler writes meanwhile is
 * kept and sent after. If `before` rejects, all that is dropped and `instead` answers. A handler notices nothing, save
 * that `write` answers `false` while it waits, with a `drain` event after.
 */
export function deferResponse(
  response: ServerResponse,
  before: (statusCode: number) => Promise<void> | undefined,
  instead: (error: unknown) => void,
): DeferredResponse {
  const queue: Held[] = []
  const state = { sent: false }
  const own = ['writeHead', 'write', 'end', 'flushHeaders'] as const

  function release(): void {
    for (const method of own) delete (response as Partial<ServerResponse>)[method]
  }

  function begin(): void {
    state.sent = true
    const work = before(response.statusCode)
    if (!work) {
      replay()
      return
    }
    work.then(replay).catch((error: unknown) => {
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
      if (!state.sent) begin()
      return answer
    }

  Object.assign(response, {
    writeHead(...args: unknown[]): ServerResponse {
      prepareHead(response, args)
      return response
    },
    write: hold('write', false),
    end: hold('end', response),
    flushHeaders: hold('flushHeaders', undefined),
  })
  return state
}

type Header = readonly [name: string, value: string | readonly string[]]

/**
 * Takes a head over into the response, where what is set afterwards joins it. Written as given it would have the last word: over the
 * session's cookie, and over the status of the answer that comes in its stead.
 */
function prepareHead(response: ServerResponse, [status, ...rest]: unknown[]): void {
  response.statusCode = status as number
  if (typeof rest[0] === 'string') response.statusMessage = rest.shift() as string
  const headers = headersOf(rest.find((given) => given !== undefined))
  for (const [name] of headers) response.removeHeader(name)
  for (const [name, value] of headers) response.appendHeader(name, value)
}

/** As `writeHead` takes them: an object, a list of pairs, or names and values in one list. */
function headersOf(given: unknown): Header[] {
  if (!Array.isArray(given)) return Object.entries(given ?? {}).filter(([, value]) => value !== undefined) as Header[]
  if (Array.isArray(given[0])) return given as Header[]
  return given.flatMap((name, i) => (i % 2 === 0 ? [[name, given[i + 1]] as Header] : []))
}
