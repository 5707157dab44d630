import type { AnySessions } from '../sessions.ts'
import { show } from '../show.ts'
import type { CacheStats } from '../store/store.ts'
import { EVENT_NAMES, type StoreOperation } from './events.ts'
import { type Buckets, contentType, family, histograms, labelled } from './prometheus.ts'

/** What `sessionMetrics` takes. */
export interface MetricsOptions {
  /** What all names begin with. @default 'session_' */
  readonly prefix?: string
  /** Upper bounds of the store-time histogram, seconds. @default 0.5 ms … 1 s */
  readonly buckets?: readonly number[]
  /** Labels that every sample carries, such as the manager's name where there are several. @default {} */
  readonly labels?: Readonly<Record<string, string>>
}

/** Counters and histograms of one manager, in Prometheus' text format. */
export interface SessionMetrics {
  /** Goes with `text()` as its content type. */
  readonly contentType: string
  text(): string
  /** Stops counting. */
  stop(): void
}

interface Histogram {
  readonly counts: number[]
  sum: number
  count: number
}

const BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1] as const

/**
 * Counts a manager's events and times its store, without a metrics library: serve `text()` at `/metrics`, or append it
 * to what your library exports.
 * @example
 * const metrics = sessionMetrics(sessions)
 * app.get('/metrics', (_request, reply) => reply.type(metrics.contentType).send(metrics.text()))
 */
export function sessionMetrics(
  sessions: AnySessions,
  { prefix = 'session_', buckets = BUCKETS, labels = {} }: MetricsOptions = {},
): SessionMetrics {
  checkOptions(prefix, buckets, labels)
  const events = new Map<string, number>()
  const store = new Map<string, Histogram>()
  const count = (sample: string): void => void events.set(sample, (events.get(sample) ?? 0) + 1)
  const stops = EVENT_NAMES.filter((name) => name !== 'store' && name !== 'circuit').map((name) =>
    sessions.on(name, (event) => count(labelled({ ...labels, event: name, ...detail(event) }))),
  )
  const stopStore = sessions.on('store', ({ operation, ms, ok }) => {
    observe(store, labelled({ ...labels, operation, ok: String(ok) }), ms / 1000, buckets)
  })
  return {
    contentType,
    text: () => {
      const { isCircuitOpen: isOpen, store: sessionStore } = sessions
      return render({ prefix, buckets, labels, events, store, isOpen, cache: sessionStore.cacheStats })
    },
    stop: () => {
      for (const stop of [...stops, stopStore]) stop()
    },
  }
}

function checkOptions(prefix: unknown, buckets: unknown, labels: unknown): void {
  const refuse = (option: string, value: unknown, allowed: string): never => {
    throw new TypeError(`sessionMetrics: ${option} is ${show(value)}, but must be ${allowed}`)
  }
  if (typeof prefix !== 'string' || !/^[a-zA-Z_:][a-zA-Z0-9_:]*$/.test(prefix)) {
    refuse('prefix', prefix, 'the beginning of a metric’s name')
  }
  const isAscending = Array.isArray(buckets) && buckets.every((bound, i) => bound > (buckets[i - 1] ?? -Infinity))
  if (!isAscending || !buckets.every(Number.isFinite)) refuse('buckets', buckets, 'numbers in ascending order')
  if (typeof labels !== 'object' || labels === null || !Object.values(labels).every((one) => typeof one === 'string')) {
    refuse('labels', labels, 'an object of strings')
  }
}

/** The label that tells events of one kind apart. Nothing of a client is ever a label. */
function detail(event: object): Record<string, string> {
  const { reason, failure, operation } = event as { reason?: string; failure?: string; operation?: StoreOperation }
  if (reason !== undefined) return { reason }
  return failure === undefined || operation === undefined ? {} : { reason: failure, operation }
}

function observe(store: Map<string, Histogram>, labels: string, seconds: number, buckets: readonly number[]): void {
  let histogram = store.get(labels)
  if (!histogram) {
    histogram = { counts: buckets.map(() => 0), sum: 0, count: 0 }
    store.set(labels, histogram)
  }
  const at = buckets.findIndex((bound) => seconds <= bound)
  if (at !== -1) histogram.counts[at] = (histogram.counts[at] ?? 0) + 1
  histogram.sum += seconds
  histogram.count++
}

interface Rendered {
  readonly prefix: string
  readonly buckets: readonly number[]
  readonly labels: Readonly<Record<string, string>>
  readonly events: ReadonlyMap<string, number>
  readonly store: ReadonlyMap<string, Histogram>
  readonly isOpen: boolean
  readonly cache: CacheStats | undefined
}

function render({ prefix, buckets, labels, events, store, isOpen, cache }: Rendered): string {
  const plain = labelled(labels)
  const times = [...store].map(([sample, histogram]) => [sample, cumulated(histogram, buckets)] as const)
  const isLeftAlone = 'Whether the store is left alone for now (1) because it kept failing.'
  const lines = [
    ...family(`${prefix}events_total`, 'counter', 'What happened to sessions.', [...events]),
    ...histograms(`${prefix}store_seconds`, 'How long calls to the session store took.', times),
    ...family(`${prefix}store_circuit_open`, 'gauge', isLeftAlone, [[plain, isOpen ? 1 : 0]]),
    ...(cache ? renderCache(`${prefix}cache`, plain, cache) : []),
  ]
  return `${lines.join('\n')}\n`
}

/** What a near cache has counted. */
function renderCache(name: string, labels: string, cache: CacheStats): string[] {
  const counters = ['hits', 'misses', 'invalidations', 'flushes', 'evictions'] as const
  const gauges = { entries: cache.entries, bytes: cache.bytes, live: Number(cache.isLive) }
  const bounds = [...cache.hitAges.keys()].filter(Number.isFinite)
  const counts = bounds.map((bound) => cache.hitAges.get(bound) ?? 0)
  const seconds = bounds.map((bound) => bound / 1000)
  const ages = cumulated({ counts, sum: cache.hitAgeSumMs / 1000, count: cache.hits }, seconds)
  const agesHelp = 'How long ago what was answered from memory had been read.'
  return [
    ...counters.flatMap((what) => family(`${name}_${what}_total`, 'counter', '', [[labels, cache[what]]])),
    ...Object.entries(gauges).flatMap(([what, n]) => family(`${name}_${what}`, 'gauge', '', [[labels, n]])),
    ...histograms(`${name}_hit_age_seconds`, agesHelp, [[labels, ages]]),
  ]
}

/** A histogram that counts each bucket apart, as one whose buckets hold those below them too. */
function cumulated({ counts, sum, count }: Histogram, bounds: readonly number[]): Buckets {
  let below = 0
  const upTo = bounds.map((bound, i) => {
    below += counts[i] ?? 0
    return [bound, below] as const
  })
  return { upTo, sum, count }
}
