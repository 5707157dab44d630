/** The balancer's and the nodes' events, as their admin ports send them. Only what the console reads of them is named. */
export interface DecisionEvent {
  readonly requestId: string
  readonly upstream?: string | undefined
  readonly attempt: number
  readonly reason: string
  readonly why: readonly string[]
}

export interface DoneEvent {
  readonly requestId: string
  readonly at: number
  readonly method: string
  readonly path: string
  readonly upstream?: string | undefined
  readonly status: number
  readonly ms: number
  readonly attempts: number
  readonly termination: string
}

export interface UpstreamEvent {
  readonly at: number
  readonly name: string
  readonly state: string
  readonly reason: string
}

/** A node's report of one request; `session` is null for a request that never had a session manager. */
export interface NodeEvent {
  readonly requestId?: string | undefined
  readonly at: number
  readonly node: string
  readonly method: string
  readonly path: string
  readonly status: number
  readonly ms: number
  readonly session: NodeSession | null
}

export interface NodeSession {
  readonly cookie: string
  readonly maskedCookie?: string | undefined
  readonly outcome: string
  readonly commit?: string | undefined
  readonly storeCommands: number
  readonly storeRoundTrips: number
  readonly storeMs: number
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null

/** Whether an event's data carries these fields with these types; the rest is trusted to its maker. */
function shaped<T>(data: unknown, fields: Record<string, 'string' | 'number'>): data is T {
  return isRecord(data) && Object.entries(fields).every(([name, type]) => typeof data[name] === type)
}

export const isDecision = (data: unknown): data is DecisionEvent =>
  shaped<DecisionEvent>(data, { requestId: 'string', attempt: 'number', reason: 'string' }) && Array.isArray(data.why)
export const isDone = (data: unknown): data is DoneEvent =>
  shaped<DoneEvent>(data, { requestId: 'string', status: 'number', ms: 'number', method: 'string', path: 'string' })
export const isUpstream = (data: unknown): data is UpstreamEvent =>
  shaped<UpstreamEvent>(data, { name: 'string', state: 'string' })
export const isNodeEvent = (data: unknown): data is NodeEvent =>
  shaped<NodeEvent>(data, { node: 'string', status: 'number', ms: 'number' }) && 'session' in data
