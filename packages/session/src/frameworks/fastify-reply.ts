import type { ServerResponse } from 'node:http'
import type { FastifyReply } from 'fastify'
import type { CarrierHeader } from '../carrier/carrier.ts'
import { forgetUnwritten } from '../carrier/cookie-parser.ts'
import { SessionError } from '../errors.ts'
import { dueHeaders, finish } from '../request/commit.ts'
import { endLate } from '../request/outgoing.ts'
import type { RequestSession } from '../request/request-session.ts'
import { type CompleteHead, DeferredResponse } from './deferred-response.ts'
import { addHeader } from './response-head.ts'

const pending = Symbol('session endings')

/** The sessions that end before a reply's head leaves, in the order of their managers. */
type PendingReply = FastifyReply & { [pending]?: Set<RequestSession> | undefined }

/** A reply that says how a session is ended which is written after our `onSend` hook. */
export type LateReply = Omit<FastifyReply, typeof endLate> & { [endLate]?: typeof endBeforeHead | null }

/**
 * Has a session end between Fastify's last word and the first byte. Fastify itself believes that the reply is sent, as
 * it does without sessions; an `onSend` hook that waits would have it believe that nobody has answered yet, and call
 * the handler behind a guard. The head that is written also tells the final status, which hooks and a web `Response`
 * may still change.
 */
export function endBeforeHead(session: RequestSession, reply: FastifyReply): void {
  const holder = reply as PendingReply
  session.response.hold()
  if (holder[pending]) {
    holder[pending].add(session)
    return
  }
  const sessions = new Set([session])
  holder[pending] = sessions
  const kept: string[] = []
  let ending: Promise<CompleteHead> | undefined
  const end = (statusCode = reply.statusCode): Promise<CompleteHead> => {
    ending ??= endAll(sessions, statusCode, reply, kept)
    return ending
  }
  const source = pipedInto(reply.raw, () => {
    if (!ending) end().catch(() => reply.raw.flushHeaders()) // the first byte, in whose place the error answers
  })
  const deferred = new DeferredResponse(reply.raw, {
    save: end,
    failed(error) {
      holder[pending] = undefined
      source.stop()
      deferred.restart(error)
      refuse(reply, error, kept)
      reply.send(error)
    },
  })
  // A client that is gone before a stream began: as if it had stayed.
  reply.raw.once('close', () => void end().catch(() => {}))
}

/** One after the other, so that a later one's failure finds the cookies of those that were saved. */
async function endAll(
  sessions: ReadonlySet<RequestSession>,
  statusCode: number,
  { raw, request }: FastifyReply,
  kept: string[],
): Promise<CompleteHead> {
  const headers: CarrierHeader[] = []
  for (const session of sessions) session.response.decide()
  for (const session of sessions) {
    await session.writes.settle()
    session.face?.collect()
    session.response.seal()
    await finish(session, statusCode)
    for (const header of dueHeaders(session, () => request.protocol === 'https')) {
      headers.push(header)
      if (header.name === 'set-cookie') kept.push(header.value)
    }
  }
  return () => {
    for (const header of headers) addHeader(raw, header)
  }
}

/** How long a stream may be silent at first. One that fails at once, such as a missing file's, is no answer yet. */
const SILENT_MS = 50

interface Source {
  unpipe(destination: unknown): unknown
}

/**
 * Watches what is piped into a response. Calls back when that stays silent, as server-sent events may: the session
 * must not wait for the first of them.
 */
function pipedInto(raw: ServerResponse, silent: () => void): { stop(): void } {
  const sources = new Set<Source>()
  let timer: NodeJS.Timeout | undefined
  raw.on('pipe', (source: Source) => {
    sources.add(source)
    if (timer) return
    timer = setTimeout(silent, SILENT_MS)
    raw.on('unpipe', (source: Source) => sources.delete(source))
    raw.once('close', () => clearTimeout(timer))
  })
  return {
    /** Has it no longer write into the response. Fastify destroys it when the response has ended. */
    stop: () => {
      for (const source of sources) source.unpipe(raw)
    },
  }
}

/** Headers that speak of the body or the outcome that the handler prepared; others, such as CORS's, suit any answer. */
const OF_THE_ANSWER = [
  'set-cookie',
  'location',
  'etag',
  'last-modified',
  'expires',
  'accept-ranges',
  'content-disposition',
  'content-encoding',
  'content-language',
  'content-length',
  'content-range',
  'content-type',
  'trailer',
  'transfer-encoding',
]

/** What the handler prepared must not reach the client: neither its cookies nor its status. */
function refuse(reply: FastifyReply, error: unknown, kept: readonly string[]): void {
  forgetUnwritten(reply)
  // Fastify would announce them again, and chunks beside the length of this answer.
  for (const name of String(reply.getHeader('trailer') ?? '').split(/[\s,]+/)) if (name) reply.removeTrailer(name)
  for (const name of OF_THE_ANSWER) reply.removeHeader(name)
  reply.header('cache-control', 'no-store')
  for (const line of kept) reply.header('set-cookie', line)
  reply.code(error instanceof SessionError ? error.statusCode : 500)
}
