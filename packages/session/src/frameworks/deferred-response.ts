import type { ServerResponse } from 'node:http'

type Held = { readonly method: 'write' | 'end' | 'flushHeaders'; readonly args: unknown[] }

/** A response that waits. */
export interface DeferredResponse {
  /** Whether the handler has begun to answer: from its point of view the headers are sent. */
  readonly sent: boolean
  /** Forgets a head that was written and not sent yet: another answer follows. */
  restart(): void
}

/**
 * Keeps a response from leaving: its first byte waits until `before` has resolved; what the handler writes meanwhile is
 * kept and sent after. If `before` rejects, all that is dropped and `instead` answers. A handler notices nothing:
 * `headersSent` and `writableEnded` tell it what they would tell without us.
 */
export function deferResponse(
  response: ServerResponse,
  before: (statusCode: number) => Promise<void> | undefined,
  instead: (error: unknown) => void,
): DeferredResponse {
  const queue: Held[] = []
  const state = { sent: false, headed: false, ended: false }
  // As much as Node itself takes before it asks the writer to wait.
  let room = response.writableHighWaterMark
  let result: unknown

  function release(): void {
    for (const name of OWN) delete (response as Partial<Record<(typeof OWN)[number], unknown>>)[name]
  }

  function begin(): void {
    state.sent = true
    const work = before(response.statusCode)
    if (!work) {
      replay()
      return
    }
    work.then(replay).then(drain, (error: unknown) => {
      release()
      instead(error)
    })
  }

  function replay(): void {
    release()
    for (const { method, args } of queue) result = (response[method] as (...args: unknown[]) => unknown)(...args)
  }

  function drain(): void {
    const wrote = queue.some(({ method }) => method === 'write')
    if (wrote && !response.writableEnded && !response.writableNeedDrain) response.emit('drain')
  }

  const hold = (method: Held['method']) =>
    function held(...args: unknown[]): unknown {
      queue.push({ method, args })
      state.headed = true
      if (method === 'end') state.ended = true
      if (method === 'write') room -= Buffer.byteLength(args[0] as string | Uint8Array)
      result = { write: room > 0, end: response, flushHeaders: undefined }[method]
      if (!state.sent) begin() // Nothing to wait for: the result is then Node's own.
      return result
    }

  Object.assign(response, {
    writeHead(...args: unknown[]): ServerResponse {
      if (state.headed) throw headersSent()
      prepareHead(response, args)
      state.headed = true
      return response
    },
    write: hold('write'),
    end: hold('end'),
    flushHeaders: hold('flushHeaders'),
  })
  Object.defineProperties(response, {
    headersSent: { configurable: true, get: () => state.headed },
    writableEnded: { configurable: true, get: () => state.ended },
  })
  return {
    get sent() {
      return state.sent
    },
    restart: () => {
      state.headed = false
    },
  }
}

const OWN = ['writeHead', 'write', 'end', 'flushHeaders', 'headersSent', 'writableEnded'] as const

/** As Node says it. */
const headersSent = (): Error =>
  Object.assign(new Error('Cannot write headers after they are sent to the client'), { code: 'ERR_HTTP_HEADERS_SENT' })

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
