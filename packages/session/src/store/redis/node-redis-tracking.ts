import { INVALIDATE, type Tracking, trackingOf } from './connection.ts'

/** What is used of a node-redis client that hears of changes. */
interface Tracker {
  readonly isOpen: boolean
  readonly options: { readonly socket?: object } | undefined
  duplicate(overrides: object): Tracker
  on(event: 'error' | 'end', listener: () => void): unknown
  connect(): Promise<unknown>
  sendCommand(args: readonly string[]): Promise<unknown>
  subscribe(
    channels: string | readonly string[],
    listener: (message: Buffer | readonly Buffer[] | null, channel: Buffer) => void,
    isBuffer: true,
  ): Promise<unknown>
  unref?(): void
  destroy(): void
}

/** See `TrackedServer.track`. With RESP 3 node-redis keeps invalidations to its own cache, so this speaks RESP 2. */
export async function track(owner: unknown, tracking: Tracking): Promise<AsyncDisposable> {
  const { prefixes, channels, changed, heard, lost } = tracking
  const { options } = owner as Tracker
  const client = (owner as Tracker).duplicate({
    RESP: 2,
    // What there is with RESP 3 alone.
    clientSideCache: undefined,
    maintNotifications: 'disabled',
    disableOfflineQueue: false,
    // By itself it would subscribe again, and be told of nothing.
    socket: { ...options?.socket, reconnectStrategy: false },
  })
  const end = (): void => {
    if (client.isOpen) client.destroy()
  }
  client.on('error', end)
  client.on('error', lost)
  client.on('end', lost)
  try {
    await client.connect()
    client.unref?.() // it keeps no process alive
    await client.sendCommand(['CLIENT', ...trackingOf(String(await client.sendCommand(['CLIENT', 'ID'])), prefixes)])
    await client.subscribe(INVALIDATE, (keys) => changed(Array.isArray(keys) ? keys.map(String) : undefined), true)
    await client.subscribe(channels, (message, channel) => heard(String(channel), String(message)), true)
  } catch (error) {
    end()
    throw error
  }
  return { [Symbol.asyncDispose]: async () => end() }
}
