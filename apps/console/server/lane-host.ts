import type { CodecName, Mode, ProcessState } from '@session-cluster/contract'
import type { Disabled, LaneAction, NodeAction } from '../wire/frame.ts'

/** One node as the console can reach it. */
export interface LaneNode {
  readonly name: string
  /** Its own address for traffic, past the balancer. */
  readonly url: string
  readonly adminUrl: string
}

/** What an action needs besides its name. */
export interface ActionValue {
  /** The new weight, 0–1000. */
  readonly weight?: number | undefined
  /** Delay put before each answer, ms; 0 ends it. */
  readonly slowMs?: number | undefined
  /** How long a freeze lasts where nobody outside can thaw the node, ms. */
  readonly freezeMs?: number | undefined
  /** How the servers are to write values from now on. */
  readonly codec?: CodecName | undefined
}

/**
 * Where a lane's processes are: the console's own children, or somebody else's that it was told of. Actions reject with an
 * `Error` whose message says what went wrong.
 */
export interface LaneHost extends AsyncDisposable {
  readonly mode: Mode
  readonly attached: boolean
  /** The balancer's address for traffic, as this process dials it. */
  readonly balancerUrl: string
  readonly balancerAdminUrl: string
  /** Where a person's browser reaches the balancer; its host name keeps the lanes' cookies apart. */
  readonly publicUrl: string
  readonly adminToken?: string | undefined
  readonly redisUrl?: string | undefined
  nodes(): readonly LaneNode[]
  /** A process's state as its parent knows it; `undefined` where somebody else is the parent. */
  stateOf(part: string): ProcessState | undefined
  /** Hears every change of a process's state; `part` is a node's name or `redis`. Answers how to stop hearing. */
  onState(listener: (part: string, state: ProcessState) => void): () => void
  /** What cannot be done here, each with its reason. */
  disabled(): Disabled
  actOnNode(node: string, action: NodeAction, value: ActionValue): Promise<void>
  actOnLane(action: LaneAction, value: ActionValue & { readonly node?: string | undefined }): Promise<void>
}

/** Asks an admin port and reads its JSON. Rejects when it cannot be reached, or answers with an error. */
export async function callAdmin(
  url: string,
  token: string | undefined,
  options: { method?: string; body?: unknown; timeoutMs?: number } = {},
): Promise<unknown> {
  const headers: Record<string, string> = { accept: 'application/json' }
  if (token) headers.authorization = `Bearer ${token}`
  if (options.body !== undefined) headers['content-type'] = 'application/json'
  const response = await fetch(url, {
    method: options.method ?? 'GET',
    headers,
    signal: AbortSignal.timeout(options.timeoutMs ?? 2000),
    ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
  })
  const text = await response.text()
  if (!response.ok) throw new Error(`${new URL(url).pathname} answered ${response.status}: ${text.slice(0, 200)}`)
  return text === '' ? undefined : JSON.parse(text)
}
