import type { Socket } from 'node:net'
import type { Duplex, Readable } from 'node:stream'
import type { Termination } from '../front/termination.ts'
import type { Stall, Stalls } from './stall.ts'

/** How long an end of a tunnel is silent before TCP asks whether it is still there. */
const KEEP_ALIVE_MS = 30_000

/** What a tunnel is bound by. */
export interface TunnelOptions {
  readonly stalls: Stalls
  /** How long the other end may be silent once one has closed its half, ms. */
  readonly halfClosedMs: number
  /** Told when the tunnel must end, or has ended: with either end closed, both are to be. */
  onEnd(why: Termination): void
}

/** Passes bytes both ways until an end closes. Silence is allowed; not taking what was sent is not. */
export function join(client: Socket, node: Socket, { stalls, halfClosedMs, onEnd }: TunnelOptions): void {
  node.on('error', () => onEnd('ok'))
  node.on('close', () => onEnd('ok'))
  client.once('close', () => node.destroy())
  boundSink(node, client, stalls, () => onEnd('client_stalled'))
  boundSink(client, node, stalls, () => onEnd('idle_timeout'))
  for (const [end, other] of [[node, client] as const, [client, node] as const]) {
    // Silence is allowed; an end that vanished without a word is found out by TCP.
    end.setKeepAlive(true, KEEP_ALIVE_MS)
    end.once('end', () => other.setTimeout(halfClosedMs, () => onEnd('ok')))
    end.pipe(other)
  }
}

/** Watches a sink that is behind: a pipe pauses its source then. */
export function boundSink(source: Readable, sink: Duplex, stalls: Stalls, onStall: () => void): void {
  let stall: Stall | undefined
  source.on('pause', () => {
    // At its end a source is paused too.
    if (sink.writableNeedDrain) stall ??= stalls.watch(sink, onStall)
  })
  const onRoom = (): void => {
    stall?.over()
    stall = undefined
  }
  sink.on('drain', onRoom)
  sink.once('close', onRoom)
}
