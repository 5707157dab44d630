import {
  type CodecName,
  defaultCookieName,
  defaultNamespace,
  type Mode,
  type NodeInspection,
} from '@session-cluster/contract'

/** What a node last said of itself. Somebody else's node may be an older one and say less. */
export type NodeFacts = Partial<NodeInspection>

/** What a lane's nodes say of themselves, and all agree in. */
export interface LaneFacts {
  readonly cookieName: string
  readonly namespace: string
  /** How the nodes write values; `undefined` while they do not agree, because they are being restarted with another one. */
  readonly codec: CodecName | undefined
  readonly idleTimeoutMs: number
  readonly absoluteTimeoutMs: number
}

/** What a lane is taken for until one of its nodes has spoken. */
export function firstFacts(mode: Mode): LaneFacts {
  return {
    cookieName: defaultCookieName(mode),
    namespace: defaultNamespace,
    codec: undefined,
    idleTimeoutMs: 30 * 60_000,
    absoluteTimeoutMs: Number.POSITIVE_INFINITY,
  }
}

/**
 * Sums up what the nodes say now. They are configured alike; the codec alone may differ for a while. What none of them says any more,
 * because all are down, is as it was before.
 */
export function laneFacts(said: Iterable<NodeFacts>, before: LaneFacts): LaneFacts {
  const all = [...said]
  const last = <K extends keyof NodeFacts>(key: K) => all.findLast((facts) => facts[key] !== undefined)?.[key]
  const codecs = new Set(all.flatMap(({ codec }) => codec ?? []))
  return {
    cookieName: last('cookieName') ?? before.cookieName,
    namespace: last('namespace') ?? before.namespace,
    codec: codecs.size === 0 ? before.codec : codecs.size === 1 ? [...codecs][0] : undefined,
    idleTimeoutMs: last('idleTimeoutMs') ?? before.idleTimeoutMs,
    absoluteTimeoutMs: last('absoluteTimeoutMs') ?? before.absoluteTimeoutMs,
  }
}
