import { defaultCookieName, isJudged, type Mode, noTotals } from '@session-cluster/contract'
import type { Frame, LaneView } from '../wire/frame.ts'
import type { LaneId, Notice, RequestRecord } from '../wire/record.ts'
import { CallError } from './call-error.ts'
import { type Hub, hub } from './hub.ts'
import { Lane } from './lane.ts'
import type { LaneHost } from './lane-host.ts'
import { Traffic } from './traffic.ts'

/** How a lane comes to be: its host, once it is up. */
export interface LanePlan {
  readonly mode: Mode
  readonly attached: boolean
  open(): Promise<LaneHost>
}

export interface StageOptions {
  readonly lanes: readonly LanePlan[]
  /** Virtual users at the start. @default 9 */
  readonly users?: number | undefined
  /** Whether the users begin to act by themselves once they are logged in. @default true */
  readonly running?: boolean | undefined
  /** Hears why a lane did not come up. */
  readonly onFailure?: ((mode: Mode, error: Error) => void) | undefined
}

/** The most records and notices that are kept, for new pages and for the export. */
const historyLimit = 600
/** Requests are handed on in frames, each of which makes the page work once, however many it carries. */
const flushMs = 125
/** Every so many flushes the lanes and the users are sent whole. */
const viewsEvery = 2

/** All that runs behind the page: lanes, users, and the hub that tells the pages. */
export class Stage implements AsyncDisposable {
  readonly traffic: Traffic
  readonly hub: Hub
  readonly lanes = new Map<LaneId, Lane>()
  /** When the numbers began, epoch ms. */
  startedAt = Date.now()
  #resetting: Promise<void> | undefined
  readonly #plans: readonly LanePlan[]
  readonly #errors = new Map<LaneId, string>()
  readonly #options: StageOptions
  readonly #records: RequestRecord[] = []
  readonly #notices: Notice[] = []
  /** Each user's last record in each lane, by `lane/user`. */
  readonly #latest = new Map<string, RequestRecord>()
  /** Each user's last login in each lane, likewise. */
  readonly #logins = new Map<string, RequestRecord>()
  #fresh: { records: RequestRecord[]; notices: Notice[] } = { records: [], notices: [] }
  #seq = 0
  #flushes = 0
  #closed = false
  readonly #closing = Promise.withResolvers<void>()
  readonly #timer: NodeJS.Timeout
  /** Resolves once every lane is up, with its users logged in, or has failed. */
  readonly ready: Promise<void>

  constructor(options: StageOptions) {
    this.#options = options
    this.#plans = options.lanes
    this.traffic = new Traffic(() => [...this.lanes.values()], options.users)
    this.traffic.setClock({ running: options.running ?? true })
    this.hub = hub({ snapshot: () => this.snapshot(), onLeave: (page) => this.traffic.resume(page) })
    this.ready = this.#openAll()
    this.#timer = setInterval(() => this.#flush(), flushMs)
  }

  /** Everything that a page needs to begin. */
  snapshot(): Frame {
    return {
      full: true,
      run: this.startedAt,
      records: this.#recent(),
      latest: [...this.#logins.values(), ...this.#latest.values()],
      notices: this.#notices.slice(-60),
      skipped: 0,
      ...this.#views(),
    }
  }

  /**
   * Begins anew: numbers, users, servers and what Redis holds are as they were at the start, as far as that can be done from here.
   * Resolves when everybody is logged in again; a call meanwhile waits for the one under way.
   */
  reset(): Promise<void> {
    this.#resetting ??= this.#reset().finally(() => {
      this.#resetting = undefined
    })
    return this.#resetting
  }

  /** The numbers begin anew, and the history with them; users and servers stay as they are. */
  countAnew(): void {
    for (const { losses, tally } of this.lanes.values()) {
      losses.reset()
      tally.reset()
    }
    this.#forget()
    this.hub.startOver()
  }

  #forget(): void {
    for (const list of [this.#records, this.#notices, this.#fresh.records, this.#fresh.notices]) list.length = 0
    this.#latest.clear()
    this.#logins.clear()
    this.startedAt = Date.now()
  }

  async #reset(): Promise<void> {
    const lanes = [...this.lanes.values()]
    const busy = lanes.find((lane) => lane.busy !== undefined)
    if (busy) throw new CallError(`${busy.id}: something else is being done to the lane`, 409)
    const faults: string[] = []
    await this.traffic.beginAnew(async () => {
      const results = await Promise.allSettled(lanes.map((lane) => lane.reset()))
      for (const [index, result] of results.entries())
        if (result.status === 'rejected') faults.push(`${lanes[index]?.id}: ${(result.reason as Error).message}`)
      this.#forget()
    })
    await Promise.all(lanes.map((lane) => this.#loginAll(lane)))
    this.hub.startOver()
    if (faults.length > 0) throw new CallError(faults.join('; '), 409)
  }

  /** The kept history, oldest first: what an export is made of. */
  history(): { records: readonly RequestRecord[]; notices: readonly Notice[] } {
    return { records: this.#records, notices: this.#notices }
  }

  laneViews(): LaneView[] {
    return this.#plans.map(
      ({ mode, attached }) => this.lanes.get(mode)?.view() ?? absent(mode, attached, this.#errors.get(mode)),
    )
  }

  /** @throws CallError when no such lane is up */
  lane(id: string): Lane {
    const lane = this.lanes.get(id as LaneId)
    if (!lane) throw new CallError(`There is no lane ${id}, or it is not up yet`, 404)
    return lane
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true
    this.#closing.resolve()
    clearInterval(this.#timer)
    this.traffic[Symbol.dispose]()
    await this.ready.catch(() => undefined)
    await Promise.all([...this.lanes.values()].map((lane) => lane[Symbol.asyncDispose]()))
  }

  async #openAll(): Promise<void> {
    await Promise.all(this.#plans.map((plan) => this.#open(plan)))
    if (!this.#closed) this.traffic.begin()
  }

  async #open(plan: LanePlan): Promise<void> {
    try {
      const host = await plan.open()
      if (this.#closed) return await host[Symbol.asyncDispose]()
      const lane = new Lane(host, {
        record: (record) => this.#record(record),
        notice: (notice) => this.#notice(notice),
        users: () => this.traffic.states(plan.mode),
      })
      await Promise.race([lane.listening, this.#closing.promise])
      if (this.#closed) return await lane[Symbol.asyncDispose]()
      this.lanes.set(plan.mode, lane)
      // In their order: which users are on which node is then the same in every run.
      await this.#loginAll(lane)
    } catch (error) {
      this.#errors.set(plan.mode, (error as Error).message)
      this.#options.onFailure?.(plan.mode, error as Error)
    }
  }

  async #loginAll(lane: Lane): Promise<void> {
    for (const name of this.traffic.names) if (!this.#closed) await this.traffic.act(lane, name, 'login')
  }

  /** The last records, and as many of each lane as its strip shows. */
  #recent(): RequestRecord[] {
    const last = this.#records.slice(-240)
    const shown = new Set(last)
    for (const id of this.lanes.keys())
      for (const record of this.#records.filter(({ lane, outcome }) => lane === id && isJudged(outcome)).slice(-60))
        shown.add(record)
    return this.#records.filter((record) => shown.has(record))
  }

  #record(record: Omit<RequestRecord, 'seq'>): RequestRecord {
    const numbered = { seq: ++this.#seq, ...record }
    keep(this.#records, numbered)
    if (numbered.user !== undefined) {
      const key = `${numbered.lane}/${numbered.user}`
      this.#latest.set(key, numbered)
      if (numbered.action === 'login') this.#logins.set(key, numbered)
    }
    this.#fresh.records.push(numbered)
    return numbered
  }

  #notice(notice: Omit<Notice, 'seq' | 'at'>): void {
    const numbered = { seq: ++this.#seq, at: Date.now(), ...notice }
    keep(this.#notices, numbered)
    this.#fresh.notices.push(numbered)
  }

  #views(): Pick<Frame, 'lanes' | 'users' | 'clock'> {
    return { lanes: this.laneViews(), users: this.traffic.views(), clock: this.traffic.clock }
  }

  #flush(): void {
    const { records, notices } = this.#fresh
    const withViews = this.#flushes++ % viewsEvery === 0
    if (records.length === 0 && notices.length === 0 && !withViews) return
    this.#fresh = { records: [], notices: [] }
    if (this.hub.pages > 0)
      this.hub.send({ full: false, records, notices, skipped: 0, ...(withViews && this.#views()) })
  }
}

function keep<T>(list: T[], value: T): void {
  list.push(value)
  if (list.length > historyLimit) list.shift()
}

/** What is shown of a lane that is not up yet, or did not come up. */
function absent(mode: Mode, attached: boolean, error: string | undefined): LaneView {
  return {
    id: mode,
    mode,
    state: error === undefined ? 'starting' : 'failed',
    ...(error === undefined ? {} : { error }),
    on: true,
    attached,
    url: '',
    policy: 'round-robin',
    cookieName: defaultCookieName(mode),
    totals: noTotals(),
    since: 0,
    gone: 0,
    noticed: 0,
    share: {},
    nodes: [],
    disabled: {},
  }
}
