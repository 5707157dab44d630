import { fileURLToPath } from 'node:url'
import type { ClusterOptions } from '@session-cluster/cluster'

/** Whose servers a row is about: ours, or the control beside them. */
export type Side = 'ours' | 'control'
export const sides = ['ours', 'control'] as const

/** Runs nodes of Express, express-session and connect-redis, set up as their READMEs show. */
export const fieldNodes: Pick<ClusterOptions, 'entryPoints'> = {
  entryPoints: { node: fileURLToPath(new URL('field-node.ts', import.meta.url)) },
}
