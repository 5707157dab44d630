import type { IncomingHttpHeaders } from 'node:http'
import type { RequestSession } from './request-session.ts'

/** What the request carries, seen without a framework. */
export interface Incoming {
  readonly headers: IncomingHttpHeaders
}

/** Under which a response has the function that lets it wait for a session, see `Outgoing`. */
export const endLate = Symbol('ends a session that is written late')

/** Tells whether the response is out of our hands: begun, hijacked, or a WebSocket's. */
export interface Outgoing {
  readonly sent: boolean
  /** Node's own response, whose headers a handler may have sent by itself. */
  readonly raw: { readonly headersSent: boolean; once(event: 'close', listener: () => void): unknown }
  /** There once its framework has asked us what is to be saved: whoever writes after that has the response wait by it. */
  readonly [endLate]?: ((session: RequestSession, outgoing: Outgoing) => void) | null
}

/** Hands out values that are changed in place. */
export interface LiveFace {
  /** What was changed in place joins the request's changes. Never throws: what cannot be saved fails the request. */
  collect(): void
  /** Shows the session without what was changed and dropped. */
  revert(): void
}

/** How far a request's response is, and whether it can still wait for the session. */
export class ResponseProgress {
  #outgoing: Outgoing | undefined
  #status: 'open' | 'decided' | 'sealed' = 'open'

  /** `outgoing` is absent while it is not known, and where the response waits for us in any case. */
  constructor(outgoing: Outgoing | undefined) {
    this.#outgoing = outgoing
  }

  /** The response has become known. */
  become(outgoing: Outgoing): void {
    this.#outgoing = outgoing
  }

  /** The response waits for us: whatever its framework believes, it is not out before the session is sealed. */
  hold(): void {
    this.#outgoing = undefined
  }

  /** Has it wait from now on, if its framework has asked already what is to be saved. */
  holdLate(session: RequestSession): void {
    const outgoing = this.#outgoing
    if (outgoing?.[endLate] && !this.isSealed && !this.isOut) outgoing[endLate](session, outgoing)
  }

  /** The answer is given: a handler that fails from now on fails too late to change it. */
  decide(): void {
    if (this.#status === 'open') this.#status = 'decided'
  }

  get isDecided(): boolean {
    return this.#status !== 'open'
  }

  /** Nothing can be saved any more. */
  seal(): void {
    this.#status = 'sealed'
  }

  get isSealed(): boolean {
    return this.#status === 'sealed'
  }

  /** Whether it has begun without us. */
  get isOut(): boolean {
    const outgoing = this.#outgoing
    return outgoing !== undefined && (outgoing.sent || outgoing.raw.headersSent)
  }

  onClosed(listener: () => void): void {
    this.#outgoing?.raw.once('close', listener)
  }
}

/** Says that changes were lost, rather than lose them silently. */
export const warnLost = (): void =>
  process.emitWarning(
    'A response was hijacked, or written through reply.raw, with session changes unsaved: they are lost. ' +
      'Call session.commit() before',
    { type: 'SessionWarning', code: 'SESSION_DISCARDED' },
  )
