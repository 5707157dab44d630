import { setTimeout as wait } from 'node:timers/promises'

/** One server-sent event, its data read as JSON. */
export interface FollowedEvent {
  /** Its id, where the sender gives any. */
  readonly id?: string
  readonly event: string
  readonly data: unknown
}

export interface FollowOptions {
  readonly token?: string | undefined
  /** Called whenever the stream opens, also after a break: what happened meanwhile was not seen. */
  readonly onOpen?: () => void
  readonly onBreak?: () => void
  /** Ms between two attempts; well within the time that a request's events may straggle. @default 100 */
  readonly retryMs?: number
}

/**
 * Follows an SSE address until the signal ends it, connecting again after every break, with the id of the last event: senders that
 * keep their events then tell what happened meanwhile. Never throws.
 */
export async function follow(
  url: string,
  onEvent: (event: FollowedEvent) => void,
  signal: AbortSignal,
  options: FollowOptions = {},
): Promise<void> {
  const headers: Record<string, string> = { accept: 'text/event-stream' }
  if (options.token) headers.authorization = `Bearer ${options.token}`
  while (!signal.aborted) {
    try {
      const response = await fetch(url, { headers, signal })
      if (!response.ok || !response.body) throw new Error(`status ${response.status}`)
      options.onOpen?.()
      // Whoever was here and heard nothing yet has missed all there is.
      headers['last-event-id'] ??= ''
      const parse = eventParser((event) => {
        if (event.id !== undefined) headers['last-event-id'] = event.id
        onEvent(event)
      })
      for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) parse(chunk)
    } catch {
      // A node that is down or restarting: the next attempt finds out.
    }
    if (signal.aborted) return
    options.onBreak?.()
    await wait(options.retryMs ?? 100, undefined, { signal }).catch(() => undefined)
  }
}

/** Feeds chunks of an event stream (WHATWG HTML §9.2) and calls back per event; an event that is not JSON is left out. */
export function eventParser(onEvent: (event: FollowedEvent) => void): (chunk: string) => void {
  let buffer = ''
  return (chunk) => {
    buffer += chunk
    if (buffer.includes('\r')) buffer = buffer.replaceAll('\r\n', '\n')
    let end = buffer.indexOf('\n\n')
    while (end >= 0) {
      const event = readBlock(buffer.slice(0, end))
      buffer = buffer.slice(end + 2)
      if (event) onEvent(event)
      end = buffer.indexOf('\n\n')
    }
  }
}

function readBlock(block: string): FollowedEvent | undefined {
  let event = 'message'
  let id: string | undefined
  const data: string[] = []
  for (const line of block.split('\n')) {
    if (line.startsWith('id:')) id = line.slice(3).trim()
    else if (line.startsWith('event:')) event = line.slice(6).trim()
    else if (line.startsWith('data:')) data.push(line.slice(5).replace(/^ /, ''))
  }
  if (data.length === 0) return undefined
  try {
    return { event, data: JSON.parse(data.join('\n')), ...(id !== undefined && { id }) }
  } catch {
    return undefined
  }
}
