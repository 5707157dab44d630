import type { Control } from '../admin/control.ts'
import { type Clock, systemClock, type Timer } from '../clock.ts'
import { RemovedUpstreamError, UnknownUpstreamError } from '../errors.ts'
import { checkNames, MAX_MS, type Names } from '../names.ts'
import type { UpstreamOptions } from '../pool/upstream.ts'
import { distinct } from './entries.ts'
import type { DiscoverySource } from './source.ts'

/** How upstreams are looked up, again and again. */
export interface DiscoveryOptions {
  source: DiscoverySource
  /** What is steered: `controlOf(balancer)`, or the `Workers` (the primary looks up, its workers are told). */
  control: Pick<Control, 'list' | 'add' | 'remove' | 'update'>
  /** An answer is good for at least so long, whatever its TTL; after a failure it is as long to the next look. @default 1000 */
  minMs?: number | undefined
  /** … and for at most so long: Docker's name server says 600 s. @default 10_000 */
  maxMs?: number | undefined
  /** How long an upstream that has left the answers keeps the clients that are pinned to it. @default 10_000 */
  drainMs?: number | undefined
  /** Told when looking up begins to fail, or fails in another way, and when it works again. */
  onChange?: ((status: DiscoveryStatus) => void) | undefined
  clock?: Clock | undefined
}

/** How the looking up stands. */
export interface DiscoveryStatus {
  readonly source: string
  /** Looks so far, and those of them that failed. */
  readonly lookups: number
  readonly failures: number
  /** How many upstreams the last good answer held. */
  readonly found: number
  /** What is wrong now; `undefined` when nothing is. */
  readonly problem: string | undefined
}

const NAMES: Names<Required<DiscoveryOptions>> = {
  ...{ source: true, control: true, onChange: true, clock: true },
  ...{ minMs: [10, MAX_MS], maxMs: [10, MAX_MS], drainMs: [0, MAX_MS] },
}

/** An upstream that this discovery has added. */
interface Member {
  options: UpstreamOptions
  /** `busy` while it is added or removed; `draining` when it has left the answers. */
  phase: 'in' | 'busy' | 'draining'
  removal: Timer | undefined
  /** Whether it was this discovery that set it to drain, and not an operator. */
  isDrainedByUs: boolean
}

/**
 * Keeps the upstreams of a pool as a source has them, by the calls that an operator would make. What is new is added; what
 * has left the answers drains for `drainMs`, then is removed; what comes back in time is as before. A look that fails or
 * finds nobody changes nothing. Upstreams that came another way are never touched, and one that an operator removed stays
 * away until it has left the answers.
 */
export class Discovery implements AsyncDisposable {
  readonly #options: DiscoveryOptions
  readonly #clock: Clock
  readonly #members = new Map<string, Member>()
  #found: readonly UpstreamOptions[] = []
  #next: Timer | undefined
  #isClosed = false
  #applied: Promise<void> = Promise.resolve()
  #status: DiscoveryStatus
  /** What went wrong with single upstreams, by name. */
  readonly #refused = new Map<string, string>()

  /** @throws TypeError that names the option, its value and what is allowed */
  constructor(options: DiscoveryOptions) {
    checkNames<DiscoveryOptions>('Discovery', options, NAMES)
    this.#options = options
    this.#clock = options.clock ?? systemClock
    this.#status = { source: options.source.name, lookups: 0, failures: 0, found: 0, problem: undefined }
  }

  get status(): DiscoveryStatus {
    return this.#status
  }

  /** Looks up once and adds what was found; from then on by itself. It never throws: a first look may fail as any other. */
  async start(): Promise<void> {
    await this.#look()
  }

  /** Looks no more. The upstreams stay. */
  close(): void {
    this.#isClosed = true
    this.#next?.cancel()
    for (const { removal } of this.#members.values()) removal?.cancel()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close()
  }

  async #look(): Promise<void> {
    const { source, minMs = 1000, maxMs = 10_000 } = this.#options
    let waitMs = minMs
    let fault: string | undefined
    try {
      const { upstreams, ttlMs } = await source.find()
      if (upstreams.length === 0) throw new Error('found no upstream')
      this.#found = distinct([...upstreams])
      waitMs = Math.max(minMs, Math.min(ttlMs, maxMs))
    } catch (error) {
      fault = wordsOf(error)
    }
    if (this.#isClosed) return
    if (fault === undefined) await this.#apply()
    this.#tell(fault)
    if (!this.#isClosed) this.#next = this.#clock.after(waitMs, () => void this.#look())
  }

  #tell(fault: string | undefined): void {
    const { lookups, failures, problem: before } = this.#status
    const problem = fault ?? [...this.#refused.values()].join('; ')
    this.#status = {
      source: this.#status.source,
      lookups: lookups + 1,
      failures: failures + (fault === undefined ? 0 : 1),
      found: this.#found.length,
      problem: problem === '' ? undefined : problem,
    }
    if (this.#status.problem !== before) this.#options.onChange?.(this.#status)
  }

  // One at a time: a removal that ends in the middle of another round must not see half of it.
  #apply(): Promise<void> {
    this.#applied = this.#applied.then(() => this.#applyNow())
    return this.#applied
  }

  // Of one that is busy the end is waited for elsewhere: it applies again.
  async #applyNow(): Promise<void> {
    const found = new Map(this.#found.map((options) => [options.name, options]))
    for (const name of this.#refused.keys()) if (!found.has(name)) this.#refused.delete(name)
    const changes: Promise<void>[] = []
    for (const options of found.values()) {
      const member = this.#members.get(options.name)
      if (!member) changes.push(this.#add(options))
      else if (member.phase !== 'busy') changes.push(this.#keep(member, options))
    }
    for (const [name, member] of this.#members) {
      if (!found.has(name) && member.phase === 'in') changes.push(this.#drain(member))
    }
    await Promise.all(changes)
  }

  async #add(options: UpstreamOptions): Promise<void> {
    const member: Member = { options, phase: 'busy', removal: undefined, isDrainedByUs: false }
    const { name } = options
    this.#members.set(name, member)
    try {
      await this.#options.control.add(options)
      this.#refused.delete(name)
      member.phase = 'in'
    } catch (error) {
      member.phase = 'in'
      if (error instanceof RemovedUpstreamError) return
      this.#members.delete(name)
      this.#refused.set(name, wordsOf(error))
    }
  }

  async #keep(member: Member, options: UpstreamOptions): Promise<void> {
    // Another process now: what its clients had there is gone, and its name is free only without it.
    if (String(member.options.url) !== String(options.url)) {
      void this.#remove(member)
      return
    }
    const weight = options.weight ?? 1
    const isReweighted = weight !== (member.options.weight ?? 1)
    const isBack = member.phase === 'draining'
    if (!isBack && !isReweighted) return
    member.removal?.cancel()
    member.phase = 'in'
    member.options = options
    const change = {
      ...(isReweighted && { weight }),
      ...(isBack && member.isDrainedByUs && { mode: 'ready' as const }),
    }
    await this.#update(member, change)
  }

  async #drain(member: Member): Promise<void> {
    const { control, drainMs = 10_000 } = this.#options
    member.phase = 'draining'
    member.removal = this.#clock.after(drainMs, () => void this.#remove(member))
    const report = (await control.list()).find(({ name }) => name === member.options.name)
    if (!report) {
      member.removal.cancel()
      this.#members.delete(member.options.name)
      return
    }
    // In maintenance, or drained by an operator: that is his to end.
    member.isDrainedByUs = report.state !== 'maintenance' && report.state !== 'draining'
    if (member.isDrainedByUs) await this.#update(member, { mode: 'drain' })
  }

  async #update({ options: { name } }: Member, change: Parameters<Control['update']>[1]): Promise<void> {
    if (Object.keys(change).length === 0) return
    await this.#options.control.update(name, change).catch((error: unknown) => this.#onFault(name, error))
  }

  async #remove(member: Member): Promise<void> {
    const { control, drainMs = 10_000 } = this.#options
    const { name } = member.options
    member.removal?.cancel()
    member.phase = 'busy'
    await control.remove(name, { force: false, timeoutMs: drainMs }).catch((error) => this.#onFault(name, error))
    this.#members.delete(name)
    if (!this.#isClosed) await this.#apply()
  }

  // An operator was faster: there is nothing left to do.
  #onFault(name: string, error: unknown): void {
    if (!(error instanceof UnknownUpstreamError)) this.#refused.set(name, wordsOf(error))
  }
}

const wordsOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
