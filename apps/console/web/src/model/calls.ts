import type { CodecName } from '@session-cluster/contract'
import type { UserAction } from '@session-cluster/visitor'
import type { CodecTrial, SampleName, TrialCodec } from '../../../wire/codec.ts'
import type { ClockView, LaneAction, NodeAction } from '../../../wire/frame.ts'
import type { LaneId, RequestRecord } from '../../../wire/record.ts'

/** Where an action takes place. */
export type Scope = LaneId | 'all'

/** It cannot be reached, or does not speak as it should. */
const away = (): never => {
  throw new Error('server-away')
}

/** Asks the console's server to do something. Rejects with the server's own words when it cannot; with `server-away` when nobody answers. */
export async function call<T>(path: string, body: object = {}): Promise<T> {
  const response = await fetch(`/api/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  }).catch(away)
  const answer = (await response.json().catch(away)) as T & { error?: string }
  if (!response.ok) throw new Error(answer.error ?? `status ${response.status}`)
  return answer
}

interface ActOptions {
  readonly via?: string
  readonly times?: number
  readonly lanes?: readonly LaneId[]
  /** As in a new browser: without any cookie, the balancer's included. */
  readonly fresh?: boolean
}

/** Everything that the page can have done. */
export const calls = {
  act: (user: string, action: UserAction, options: ActOptions = {}) =>
    call<{ records: RequestRecord[] }>('act', { user, action, ...options }),
  clock: (clock: Partial<Pick<ClockView, 'running' | 'rate'>>) => call<ClockView>('clock', clock),
  pause: (page: string, on: boolean) => call<ClockView>('pause', { page, on }),
  reset: () => call<object>('reset'),
  countAnew: () => call<object>('reset', { only: 'numbers' }),
  step: () => call<{ records: RequestRecord[] }>('step'),
  addUser: () => call<{ name: string }>('users'),
  active: (users: readonly string[]) => call<object>('active', { users }),
  node: (lane: Scope, node: string, action: NodeAction, value: { weight?: number; slowMs?: number } = {}) =>
    call<object>('node', { lane, node, action, ...value }),
  lane: (lane: Scope, action: LaneAction, value: { node?: string | undefined; codec?: CodecName | undefined } = {}) =>
    call<object>('lane', { lane, action, ...value }),
  power: (lane: LaneId, on: boolean) => call<object>('power', { lane, on }),
  codec: (lane: LaneId, codec: TrialCodec, sample: SampleName) => call<CodecTrial>('codec', { lane, codec, sample }),
  forge: (lane: LaneId, user: string, cookie: string, value: string) =>
    call<{ record: RequestRecord }>('forge', { lane, user, cookie, value }),
}
