/** What a failure of this package carries: Fastify and other frameworks read `statusCode` and `headers` from it. */
export interface SessionErrorOptions {
  readonly code: string
  readonly statusCode: number
  readonly headers?: Readonly<Record<string, string>>
  readonly cause?: unknown
}

/** The parent of every error that this package throws while a request is served. */
export class SessionError extends Error {
  /** Stable, for programs: `SESSION_…`. */
  readonly code: string
  /** The HTTP status that answers a request which failed with it. */
  readonly statusCode: number
  /** Response headers that belong to it, such as `retry-after`. */
  readonly headers?: Readonly<Record<string, string>>

  constructor(message: string, { code, statusCode, headers, cause }: SessionErrorOptions) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = new.target.name
    this.code = code
    this.statusCode = statusCode
    if (headers) this.headers = headers
  }
}

/**
 * Why the store did not do it: it answered that it will not (`refused`), it could not be asked (`failed`), it took too long
 * (`timeout`), or the circuit breaker did not ask it at all (`open`).
 */
export type StoreFailure = 'refused' | 'failed' | 'timeout' | 'open'

const STORE_CODES = {
  refused: 'SESSION_STORE_REFUSED',
  failed: 'SESSION_STORE_FAILED',
  timeout: 'SESSION_STORE_TIMEOUT',
  open: 'SESSION_STORE_OPEN',
} as const satisfies Record<StoreFailure, string>

/** 503: the store did not do it. The request may be repeated after `retry-after` seconds. */
export class SessionStoreError extends SessionError {
  readonly failure: StoreFailure

  constructor(failure: StoreFailure, message: string, retryAfterMs: number, cause?: unknown) {
    const seconds = String(Math.max(1, Math.ceil(retryAfterMs / 1000)))
    super(message, { code: STORE_CODES[failure], statusCode: 503, headers: { 'retry-after': seconds }, cause })
    this.failure = failure
  }
}

/** 409: another request ended or rotated the session meanwhile. What this request wrote was not saved. */
export class SessionGoneError extends SessionError {
  constructor() {
    super('The session was ended or rotated by another request meanwhile; nothing was saved', {
      code: 'SESSION_GONE',
      statusCode: 409,
    })
  }
}

/**
 * 500: another application wrote the session in a form of its own, such as Spring with Java's own serialization. A write
 * would have made another session in its place, with which that application fails. It can be ended, by either.
 */
export class SessionUnreadableError extends SessionError {
  constructor() {
    super(
      'The session is not in JSON, as when Spring uses its default serializer: register RedisSerializer.json() there as ' +
        'springSessionDefaultRedisSerializer',
      { code: 'SESSION_UNREADABLE', statusCode: 500 },
    )
  }
}

/** 409: `update` met another writer on every attempt or waited too long for one, or a new session's key was taken. */
export class SessionConflictError extends SessionError {
  constructor(what: string) {
    super(what, { code: 'SESSION_CONFLICT', statusCode: 409 })
  }
}

/** 500: a write came when the response had already begun, was hijacked, or was a WebSocket's: it could not be saved. */
export class SessionSealedError extends SessionError {
  constructor(operation: string) {
    super(
      `session.${operation}() came after the response had begun (or was hijacked), so it could not be saved. ` +
        'Write before replying, or call session.commit() before hijacking',
      { code: 'SESSION_SEALED', statusCode: 500 },
    )
  }
}

/** 403: the user has as many sessions as `maxSessionsPerUser` allows, and `onTooManySessions` is `refuse`. */
export class SessionLimitError extends SessionError {
  constructor(limit: number) {
    super(`The user has ${limit} sessions already, and may have no more: one of them must end first`, {
      code: 'SESSION_TOO_MANY',
      statusCode: 403,
    })
  }
}

/** 413: a session's attributes together are more than `maxSessionBytes`. */
export class SessionFullError extends SessionError {
  constructor(bytes: number, limit: number) {
    super(`The session would take ${bytes} bytes; at most ${limit} are allowed`, {
      code: 'SESSION_FULL',
      statusCode: 413,
    })
  }
}

/** 500: `update` was called within the function of an `update` of the same attribute, and would have waited for itself. */
export class SessionNestedUpdateError extends SessionError {
  constructor(name: string) {
    super(
      `session.update(${quote(name)}) was called within the function of another update of the same attribute. ` +
        'Return the new value from the outer function instead',
      { code: 'SESSION_UPDATE_NESTED', statusCode: 500 },
    )
  }
}

/** 500: the session was used after `invalidate()`. */
export class SessionInvalidatedError extends SessionError {
  constructor(operation: string) {
    super(`session.${operation}() was called after session.invalidate()`, {
      code: 'SESSION_INVALIDATED',
      statusCode: 500,
    })
  }
}

/** 500: `sessions.of(request)` was asked for a request that these sessions do not serve. */
export class SessionNotRegisteredError extends SessionError {
  constructor() {
    super(
      'sessions.of(request): these sessions are not registered for this request. In Fastify call ' +
        'app.register(fastifySessions, { sessions }) on the app, or on a parent of the route; elsewhere let ' +
        'expressSessions(sessions) or withSessions(sessions, …) come before',
      { code: 'SESSION_NOT_REGISTERED', statusCode: 500 },
    )
  }
}

/** 400: an attribute's name is not one that every store can keep. */
export class SessionNameError extends SessionError {
  constructor(reason: string) {
    super(`The session attribute’s name ${reason}`, { code: 'SESSION_NAME_REFUSED', statusCode: 400 })
  }
}

/** 413: an attribute's bytes are more than `maxAttributeBytes`. */
export class SessionTooLargeError extends SessionError {
  constructor(name: string, bytes: number, limit: number) {
    super(`The session attribute ${quote(name)} takes ${bytes} bytes; at most ${limit} are allowed`, {
      code: 'SESSION_VALUE_TOO_LARGE',
      statusCode: 413,
    })
  }
}

/** 500: the codec would not bring the value back as it is. Names the attribute, the path in it and the reason. */
export class SessionValueError extends SessionError {
  readonly attribute: string
  /** Where in the value, such as `.items[3].price`; empty for the value itself. */
  readonly path: string
  readonly reason: string

  constructor(attribute: string, path: string, reason: string, cause?: unknown) {
    super(`The session attribute ${quote(attribute)} was refused: value${path} ${reason}`, {
      code: 'SESSION_VALUE_REFUSED',
      statusCode: 500,
      cause,
    })
    this.attribute = attribute
    this.path = path
    this.reason = reason
  }
}

/** 500, in development only: a value was changed in place and never `set`, so the change would have been lost. */
export class SessionMutatedError extends SessionError {
  readonly attribute: string

  constructor(attribute: string) {
    super(
      `The value of the session attribute ${quote(attribute)} was changed in place but not set: ` +
        'the change would be lost. Call session.set() with the changed value',
      { code: 'SESSION_VALUE_MUTATED', statusCode: 500 },
    )
    this.attribute = attribute
  }
}

const quote = (name: string): string => JSON.stringify(name.length > 64 ? `${name.slice(0, 64)}…` : name)
