/** What a request was made for. */
export type Step =
  | 'first'
  | 'start'
  | 'before'
  | 'login'
  | 'after'
  | 'old-id'
  | 'return'
  | 'newcomer'
  | 'without'
  | 'known'
  | 'forged'
  | 'node'
  | 'node-forged'
  | 'serial'
  | 'parallel'
  | 'last'
  | 'logout'
  | 'logged-out'
  | 'watch'

/** A cookie of an answer. Its value is a secret: only a fingerprint of it is kept. */
export interface CookieSeen {
  readonly name: string
  readonly print: string
  /** Characters. */
  readonly length: number
  /** What follows the last dot when it is short: where Tomcat's jvmRoute names the server. */
  readonly route?: string
  readonly attributes: readonly string[]
  /** The answer deletes it. */
  readonly removed: boolean
}

/** One request and what came of it. Everything that a finding needs, and no value of a cookie, no body and no password. */
export interface Exchange {
  readonly step: Step
  /** Whose cookies went along. */
  readonly client: string
  /** URL, without user and query. */
  readonly target: string
  readonly method: string
  /** Since the probe began. */
  readonly atMs: number
  readonly tookMs: number
  /** The fingerprints of the cookies that went along, by name. */
  readonly sent: Readonly<Record<string, string>>
  /** `undefined` when no answer came. */
  readonly status?: number
  /** Why there is no whole answer, in a line. */
  readonly failed?: string
  readonly location?: string
  /** Headers of the answer that may name a server. */
  readonly headers: Readonly<Record<string, string>>
  readonly set: readonly CookieSeen[]
  /** Fingerprint of the body. */
  readonly body?: string
  /** What `--server` found. */
  readonly server?: string
  /** What `--number` found. */
  readonly number?: number
  /** Whether `--known` was found; `undefined` when it was not asked for. */
  readonly known?: boolean
}

/** A stored probe: enough to judge it again. */
export interface Facts {
  readonly probe: 1
  readonly target: string
  /** The session's cookie when the user named it. */
  readonly cookie?: string
  /** The questions that were asked for by an option. */
  readonly asked: readonly Question[]
  readonly history: readonly Exchange[]
  /** Why the probe ended before its plan did. */
  readonly stopped?: string
}

/** A question that is put only when its option is given. */
export type Question = 'node' | 'login' | 'logout' | 'increment' | 'watch'
