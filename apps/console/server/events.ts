import type { DecisionEvent, DoneEvent, UpstreamEvent } from '@session-cluster/balancer'
import type { NodeEvent } from '@session-cluster/contract'

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null

/** Whether an event's data carries these fields with these types; the rest is trusted to its maker. */
function shaped<T>(data: unknown, fields: Record<string, 'string' | 'number'>): data is T {
  return isRecord(data) && Object.entries(fields).every(([name, type]) => typeof data[name] === type)
}

export const isDecision = (data: unknown): data is DecisionEvent =>
  shaped<DecisionEvent>(data, { requestId: 'string', attempt: 'number', reason: 'string' }) && Array.isArray(data.steps)
export const isDone = (data: unknown): data is DoneEvent =>
  shaped<DoneEvent>(data, { requestId: 'string', status: 'number', ms: 'number', method: 'string', path: 'string' })
export const isUpstream = (data: unknown): data is UpstreamEvent =>
  shaped<UpstreamEvent>(data, { name: 'string', state: 'string' })
export const isNodeEvent = (data: unknown): data is NodeEvent =>
  shaped<NodeEvent>(data, { node: 'string', status: 'number', ms: 'number' }) && 'session' in data
