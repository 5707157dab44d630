import type { LaneAction, LaneView, NodeAction } from '../../../wire/frame.ts'

type Asked = Pick<LaneView, 'state' | 'redis' | 'disabled'> & { readonly nodes: readonly { readonly name: string }[] }

/** Why a question cannot be asked of any lane now, as an i18n key without its `disabled.`; `undefined` when it can. */
export function refusal(
  action: NodeAction | LaneAction,
  node: string | undefined,
  lanes: readonly Asked[],
): string | undefined {
  const ready = lanes.filter(({ state }) => state === 'ready')
  const concerned = action.startsWith('redis') || action === 'codec' ? ready.filter(({ redis }) => redis) : ready
  if (concerned.length === 0) return 'starting'
  const there = concerned.flatMap(({ nodes }) => nodes).some(({ name }) => name === node)
  if (node !== undefined && !there) return 'no-b'
  const reasons = concerned.map(({ disabled }) => disabled[action])
  return reasons.includes(undefined) ? undefined : reasons[0]
}
