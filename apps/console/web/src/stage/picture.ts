import { isShared, type Outcome } from '@session-cluster/contract'
import { isGone } from '../../../wire/consequence.ts'
import type { LaneView, NodeView, RedisView } from '../../../wire/frame.ts'
import type { LaneId, RequestRecord } from '../../../wire/record.ts'
import { type Health, healthOf, standOf } from '../model/health.ts'
import { sharedRequests, sharePercent } from '../model/share.ts'
import type { PageState } from '../model/state.ts'
import { inCrisis, type Shown, type Verdict, verdictOf } from '../model/verdict.ts'

/** One person, as drawn. */
export interface PersonPicture {
  readonly name: string
  /** The place in the order of users: it gives the look. */
  readonly index: number
  readonly outcome: Outcome | undefined
  /** Noticed that the session is gone: falls through the floor. */
  readonly fallen: boolean
  readonly chosen: boolean
  readonly dim: boolean
}

/** One basket on a shelf: the session of a user. */
export interface BasketPicture {
  readonly name: string
  readonly index: number
  readonly dim: boolean
}

export interface NodePicture {
  readonly name: string
  readonly port: string
  readonly stand: string
  readonly health: Health
  readonly gone: boolean
  readonly baskets: readonly BasketPicture[]
  /** Sessions that the node says it holds; absent where nodes hold none, or it does not answer. */
  readonly held: number | undefined
  /** Requests of the lane's last ones that went here; absent for one that takes none. */
  readonly took: number | undefined
  readonly percent: number | undefined
  /** The tour points at it. */
  readonly hot: boolean
}

/** What a user's browser shows: one request and what came of it. */
export interface VisitPicture {
  readonly method: string
  readonly url: string
  readonly outcome: Outcome
  readonly status: number
  readonly said: string | undefined
  /** An i18n key without its `did.`, and the servers it names. */
  readonly did: string
  readonly node: string
  readonly holder: string
  readonly sets: string | undefined
}

/** Everything of one lane that the picture shows. Plain data: what is equal is not drawn again. */
export interface LanePicture {
  readonly id: LaneId
  readonly state: LaneView['state']
  readonly error: string | undefined
  readonly on: boolean
  readonly attached: boolean
  readonly shared: boolean
  readonly url: string
  readonly policy: string
  readonly verdict: Verdict
  readonly of: number
  readonly people: readonly PersonPicture[]
  readonly nodes: readonly NodePicture[]
  readonly redis: Pick<RedisView, 'state' | 'sessions'> | undefined
  readonly shelf: readonly BasketPicture[]
  readonly gone: number
  readonly unreadable: number
  readonly visits: readonly VisitPicture[]
}

/** Whom the picture points at; everything else is dimmed. `undefined`: at nobody in particular. */
export interface Focus {
  readonly users: readonly string[]
  readonly nodes: readonly string[]
}

/** One lane's picture out of what the page knows. */
export function pictureOf(
  lane: LaneView,
  state: PageState,
  shown: Shown,
  { user, focus }: { readonly user: string | undefined; readonly focus: Focus | undefined },
): LanePicture {
  const { users, lanes } = state
  const shared = isShared(lane.mode)
  const indexOf = (name: string) => users.findIndex((one) => one.name === name)
  const dim = (name: string) => focus !== undefined && focus.users.length > 0 && !focus.users.includes(name)
  const basket = (name: string): BasketPicture => ({ name, index: indexOf(name), dim: dim(name) })
  const isHere = (what: string) => users.filter(({ lanes: at }) => at[lane.id]?.session === what)
  const kept = shared
    ? users.filter(({ lanes: at }) => ['kept', 'unreadable'].includes(at[lane.id]?.session ?? ''))
    : []
  return {
    id: lane.id,
    state: lane.state,
    error: lane.error,
    on: lane.on,
    attached: lane.attached,
    shared,
    url: lane.url,
    policy: lane.policy,
    verdict: verdictOf(lane.id, users, shown, inCrisis(lanes, users)),
    of: sharedRequests(lane),
    people: users.map(({ name, lanes: at }, index) => {
      const outcome = shown[`${lane.id}/${name}`]?.outcome
      return {
        name,
        index,
        outcome,
        fallen: at[lane.id]?.session === 'gone' && outcome === 'lost',
        chosen: name === user,
        dim: dim(name),
      }
    }),
    nodes: lane.nodes.map((node) => nodePicture(lane, node, basket, focus)),
    redis: lane.redis && {
      state: lane.redis.state,
      ...(lane.redis.sessions !== undefined && { sessions: lane.redis.sessions }),
    },
    shelf: kept.map(({ name }) => basket(name)),
    gone: isHere('gone').length,
    unreadable: isHere('unreadable').length,
    visits: user === undefined ? [] : visitsOf(lane, state, shown, user),
  }
}

function nodePicture(
  lane: LaneView,
  node: NodeView,
  basket: (name: string) => BasketPicture,
  focus: Focus | undefined,
): NodePicture {
  return {
    name: node.name,
    port: portOf(node.url),
    stand: standOf(node),
    health: healthOf(node),
    gone: isGone(node) && node.process !== 'starting',
    baskets: node.holds.map(basket),
    held: node.held,
    took: lane.share[node.name],
    percent: sharePercent(lane, node.name),
    hot: focus?.nodes.includes(node.name) ?? false,
  }
}

const portOf = (url: string): string => (URL.canParse(url) ? new URL(url).port : '')

/** The address as a browser on this machine has it: the port tells lanes apart here, elsewhere the whole host does. */
export function shortAddress(url: string): string {
  if (!URL.canParse(url)) return url
  const { host, hostname, port } = new URL(url)
  return hostname.endsWith('localhost') || hostname === '127.0.0.1' ? `localhost:${port}` : host
}

/** The user's last login and what was asked last: what a browser in front of this cluster shows. */
function visitsOf(lane: LaneView, { logins }: PageState, shown: Shown, user: string): VisitPicture[] {
  const key = `${lane.id}/${user}`
  const last = shown[key]
  // A login that is still on its way is not there yet.
  const login = (logins[key]?.seq ?? 0) <= (last?.seq ?? 0) ? logins[key] : undefined
  const both = [login, last?.seq === login?.seq ? undefined : last]
  return both.filter((one) => one !== undefined).map((record) => visitOf(lane, record))
}

function visitOf(lane: LaneView, record: RequestRecord): VisitPicture {
  const [method = 'GET', target = '/'] = (record.line ?? 'GET /').split(' ')
  const base = record.direct ? lane.nodes.find(({ name }) => name === record.node)?.url : lane.url
  const said = (key: string) => record.why.find((step) => step.key === key)?.values?.node
  const holder = said('holder') ?? said('gone.home') ?? ''
  return {
    method,
    url: `${shortAddress(base ?? lane.url)}${target}`,
    outcome: record.outcome,
    status: record.status,
    said: record.said,
    did: didOf(record, isShared(lane.mode), holder !== ''),
    node: record.node ?? '',
    holder: String(holder),
    sets: record.outcome === 'fresh' ? lane.cookieName : undefined,
  }
}

/** How it came about, in a few words. */
function didOf({ outcome, node, status, session }: RequestRecord, shared: boolean, held: boolean): string {
  if (node === undefined) return status === 0 ? 'silence' : 'balancer'
  switch (outcome) {
    case 'found':
      return !shared ? 'holds' : session?.fromMemory ? 'memory' : 'asked'
    case 'miss':
      return held ? 'miss' : 'answered'
    case 'lost':
      return held ? 'lost' : 'lostAll'
    case 'unreadable':
      return 'unreadable'
    case 'fresh':
      return 'fresh'
    case 'error':
      return shared ? 'noRedis' : 'answered'
    default:
      return 'nobody'
  }
}
