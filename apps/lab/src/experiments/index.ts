import type { Experiment } from '../experiment.ts'
import { scaleOut } from './c0-scale-out.ts'
import { localLoses } from './c1-local-loses.ts'
import { stickyKeeps } from './c2-sticky-keeps.ts'
import { stickyUnbalanced } from './c3-sticky-unbalanced.ts'
import { crashLoses } from './c4-crash-loses.ts'
import { clusteredSurvives } from './c5-clustered-survives.ts'
import { storeHop } from './c6-store-hop.ts'

/** Every experiment, in the order in which the tutorial makes its claims. */
export const experiments: readonly Experiment[] = [
  scaleOut,
  localLoses,
  stickyKeeps(),
  stickyUnbalanced,
  crashLoses,
  clusteredSurvives(),
  storeHop,
]
