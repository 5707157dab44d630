import { expect, it } from 'vitest'
import { applies } from './applies.ts'
import { type NodeAction, type NodeView, nodeActions } from './frame.ts'

it.each<[NodeView['process'], readonly NodeAction[]]>([
  ['running', ['thaw']],
  ['frozen', ['freeze', 'slow']],
  ['starting', ['crash', 'freeze', 'thaw', 'stop', 'restart', 'slow']],
  ['crashed', ['crash', 'freeze', 'thaw', 'stop', 'slow']],
  ['stopped', ['crash', 'freeze', 'thaw', 'stop', 'slow']],
])('nothing comes of this to a server that is %s: %j', (process, idle) => {
  expect(nodeActions.filter((action) => !applies(action, { process }))).toEqual(idle)
})
