import { INVALIDATE, type Tracking, trackingOf } from './connection.ts'
import { SUBSCRIBER } from './subscription.ts'

/** What is used of an ioredis (or iovalkey) client that hears of changes. */
export interface Tracker {
  readonly stream?: { unref?(): unknown } | undefined
  on(event: 'error' | 'end' | 'connect', listener: () => void): unknown
  on(event: 'messageBuffer', listener: (channel: Buffer, message: Buffer | readonly Buffer[] | null) => void): unknown
  call(command: string, ...args: string[]): Promise<unknown>
  subscribe(...channels: string[]): Promise<unknown>
  disconnect(): void
}

/** Options of such a client. Of RESP 3 ioredis passes no invalidation on, so it speaks RESP 2, where they are messages. */
export const TRACKER = { ...SUBSCRIBER, protocol: 2, enableAutoPipelining: false } as const

/** See `TrackedServer.track`. */
export async function track(client: Tracker, tracking: Tracking): Promise<AsyncDisposable> {
  const { prefixes, channels, changed, heard, lost } = tracking
  client.on('error', () => {})
  client.on('connect', () => client.stream?.unref?.()) // it keeps no process alive
  client.on('messageBuffer', (channel, message) => {
    const name = channel.toString()
    if (name !== INVALIDATE) heard(name, String(message))
    else changed(Array.isArray(message) ? message.map(String) : undefined)
  })
  client.on('end', lost)
  try {
    await client.call('CLIENT', ...trackingOf(String(await client.call('CLIENT', 'ID')), prefixes))
    await client.subscribe(INVALIDATE, ...channels)
  } catch (error) {
    client.disconnect()
    throw error
  }
  return { [Symbol.asyncDispose]: async () => client.disconnect() }
}
