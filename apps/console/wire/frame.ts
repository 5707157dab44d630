import type { CodecName, Mode, Outcome, Totals } from '@session-cluster/contract'
import type { LaneId, Notice, RequestRecord } from './record.ts'

/** What can be done to a node, to Redis or to a whole lane. */
export const nodeActions = [
  'crash',
  'freeze',
  'thaw',
  'stop',
  'restart',
  'drain',
  'maintenance',
  'ready',
  'weight',
  'slow',
] as const
export type NodeAction = (typeof nodeActions)[number]
export const laneActions = [
  'add',
  'remove',
  'rolling',
  'codec',
  'redis-stop',
  'redis-freeze',
  'redis-thaw',
  'redis-start',
] as const
export type LaneAction = (typeof laneActions)[number]

/** Why an action cannot be had here: an i18n key without its `disabled.`. */
export type Disabled = Partial<Record<NodeAction | LaneAction | 'codec-trial', string>>

/** One node: what the balancer says, what the node says, and what the users' tokens say. */
export interface NodeView {
  readonly name: string
  /** The node's own address, past the balancer. */
  readonly url: string
  /** The balancer's word: `up`, `down`, `draining`, `maintenance` …; `gone` once the balancer no longer lists it. */
  readonly state: string
  readonly process: 'running' | 'frozen' | 'stopped' | 'crashed' | 'starting'
  readonly weight: number
  readonly inFlight: number
  /** Requests per second over the last 5 s, from the balancer's log. */
  readonly rate: number
  readonly p50?: number
  readonly p95?: number
  readonly p99?: number
  /** Answers by class, from the balancer's log. */
  readonly answers: { readonly ok: number; readonly client: number; readonly server: number }
  readonly requests: number
  readonly redispatches: number
  /** Sessions that the node holds in its own memory; `undefined` when it keeps none (clustered) or does not answer. */
  readonly held?: number
  /** The users whose session lives in this very process; of one that is dead, those whose session went with it. */
  readonly holds: readonly string[]
  /** Users whose affinity cookie names this node. */
  readonly pinned: readonly string[]
  readonly found: number
  readonly missed: number
  /** Sessions that went with this node's processes, since the counting began. */
  readonly gone: number
  readonly storeCommandsPerRequest?: number
  readonly heapBytes?: number
  readonly uptimeMs?: number
  /** The last health check in the balancer's words. */
  readonly lastCheck?: string
  readonly slowMs: number
}

/** The nodes that a lane of the console's own begins with. */
export const firstNodes: readonly string[] = ['a', 'b', 'c']

/** The most nodes of a lane of the console's own: what its drawing has room for, and well within the letters that name them. */
export const mostNodes = 12

/** The Redis behind a clustered lane. */
export interface RedisView {
  readonly state: 'up' | 'frozen' | 'down'
  readonly sessions?: number
  /** Mean ms that a node waited for the store, over its last requests. */
  readonly ms?: number
}

/** One lane, whole. */
export interface LaneView {
  readonly id: LaneId
  readonly mode: Mode
  readonly state: 'starting' | 'ready' | 'failed' | 'closed'
  readonly error?: string
  /** Off: the users' actions are not sent here. */
  readonly on: boolean
  readonly attached: boolean
  /** Where a browser reaches the lane's balancer. */
  readonly url: string
  /** The session cookie's name, as the servers say it. */
  readonly cookieName: string
  /** How the balancer picks, as it says itself: a policy's name. */
  readonly policy: string
  readonly totals: Totals
  /** When the counting began, epoch ms. */
  readonly since: number
  /** Sessions that no server can serve any more, since the counting began; noticed or not. */
  readonly gone: number
  /** Those of them that a request of their user's has met. */
  readonly noticed: number
  /** Requests by living node through the balancer, of the last 60. A dead node has none. */
  readonly share: Readonly<Record<string, number>>
  readonly maxOverMean?: number
  readonly jain?: number
  readonly nodes: readonly NodeView[]
  readonly redis?: RedisView
  /** How the lane's servers write values; absent where sessions stay in memory, or nobody here knows. */
  readonly codec?: CodecName
  readonly disabled: Disabled
  /** What is being done to the lane right now: an i18n key without its `busy.`, and how many of its steps are done; `of` 0: one step. */
  readonly busy?: { readonly what: LaneAction | 'reset'; readonly done: number; readonly of: number }
}

/** One virtual user: what the page may know. */
export interface UserView {
  readonly name: string
  readonly active: boolean
  readonly lanes: Readonly<Partial<Record<LaneId, UserLane>>>
}

/** A user's standing in one lane. */
export interface UserLane {
  readonly last?: Outcome
  /** A session cookie is in the jar. */
  readonly cookie: boolean
  /** What became of the session. `gone`: no server can serve it any more, whether or not its user has noticed. */
  readonly session: 'none' | 'kept' | 'unreadable' | 'gone'
  readonly home?: string
  readonly pinned?: string
}

/** The traffic's clock. */
export interface ClockView {
  readonly running: boolean
  /** User actions per second; each goes to every lane that is on. */
  readonly rate: number
  /** The pages whose tour has paused it. */
  readonly pausedBy: readonly string[]
}

/** One message to the page. Without `full`, what is absent has not changed. */
export interface Frame {
  readonly full: boolean
  /** In a full frame: when the numbers began, epoch ms: with the console's server, or with a reset. */
  readonly run?: number
  /** In a page's first frame: the name under which it may pause the traffic. */
  readonly page?: string
  readonly records: readonly RequestRecord[]
  readonly notices: readonly Notice[]
  /** In a full frame: each user's last login and last record in each lane, also those that `records` no longer goes back to. */
  readonly latest?: readonly RequestRecord[]
  readonly lanes?: readonly LaneView[]
  readonly users?: readonly UserView[]
  readonly clock?: ClockView
  /** Requests counted in the totals whose records were left out of this frame, because there were too many or the page was slow. */
  readonly skipped: number
}
