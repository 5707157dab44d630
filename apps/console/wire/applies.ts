import type { LaneAction, NodeAction, NodeView } from './frame.ts'

/** Whether doing this to a node that stands so would do anything: nobody can crash what is dead, or thaw what is not frozen. */
export function applies(action: NodeAction | LaneAction, { process }: Pick<NodeView, 'process'>): boolean {
  switch (action) {
    case 'crash':
    case 'stop':
      return process === 'running' || process === 'frozen'
    case 'freeze':
    case 'slow':
      return process === 'running'
    case 'thaw':
      return process === 'frozen'
    case 'restart':
      return process !== 'starting'
    default:
      return true
  }
}
