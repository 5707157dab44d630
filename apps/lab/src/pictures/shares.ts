import { shares } from '@session-cluster/visitor'
import { text, type Words } from '../language.ts'
import type { Picture, PictureText } from './picture.ts'
import { colorBy, names, nodeColors, plotWidth } from './theme.ts'

/** One bar of the whole: how many requests each node answered. */
export interface Split {
  readonly group: Words
  readonly counts: Readonly<Record<string, number>>
}

/** One bar per group, each 100 % long and cut into the nodes' parts. */
export function sharesPicture(options: PictureText & { readonly splits: readonly Split[] }): Picture {
  const { splits, ...words } = options
  const nodes = [...new Set(splits.flatMap((split) => Object.keys(split.counts)))]
  const values = splits.flatMap(({ group, counts }) => parts(group, nodes, counts))
  const color = colorBy('node', nodes, nodeColors)
  const y = names('group')
  const spec = {
    width: plotWidth - 120,
    height: { step: 44 },
    data: { values },
    encoding: { y },
    layer: [
      {
        mark: { type: 'bar', height: 28, stroke: 'var(--panel)', strokeWidth: 1.5 },
        encoding: {
          x: {
            field: 'from',
            type: 'quantitative',
            title: text('share of requests', '요청의 몫'),
            scale: { domain: [0, 1] },
            axis: { format: '%', tickCount: 5 },
          },
          x2: { field: 'to' },
          color,
        },
      },
      {
        transform: [{ filter: 'datum.share > 0.06' }],
        mark: { type: 'text', fill: 'var(--on-node)', fontWeight: 600 },
        encoding: { x: { field: 'middle', type: 'quantitative' }, text: { field: 'label' } },
      },
    ],
  }
  const rows = splits.map(({ group, counts }) => [group, ...nodes.map((node) => counts[node] ?? 0)])
  return {
    ...words,
    spec,
    table: { columns: [text('case', '경우'), ...nodes.map((node) => text(`server ${node}`, `서버 ${node}`))], rows },
  }
}

function parts(group: Words, nodes: readonly string[], counts: Split['counts']) {
  let from = 0
  return shares(nodes.map((node) => counts[node] ?? 0)).map((share, index) => {
    const to = from + share
    const part = {
      group,
      node: nodes[index],
      share,
      from,
      to,
      middle: (from + to) / 2,
      label: `${nodes[index]} ${Math.round(share * 100)}%`,
    }
    from = to
    return part
  })
}
