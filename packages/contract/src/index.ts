/** The words that server, balancer, cluster, console, lab and bench share: types and pure functions, and no dependency. */
export { type CodecName, codecNames } from './codec.ts'
export { isLoopback, isLoopbackName, withoutServiceLinks } from './environment.ts'
export {
  defaultCookieName,
  defaultNamespace,
  hasAffinity,
  isShared,
  lessons,
  type Mode,
  modeNames,
  modeOf,
  modes,
  parseMode,
} from './mode.ts'
export type { NodeEvent, NodeInspection, NodeSession } from './node-events.ts'
export { foundPercent, isJudged, judged, noTotals, type Outcome, outcomes, type Totals } from './outcome.ts'
export { isAlive, type ProcessState } from './process-state.ts'
export {
  ConfigError,
  choice,
  decimal,
  type Environment,
  flag,
  guarded,
  headerText,
  list,
  matching,
  quote,
  readPort,
  secret,
  text,
  whole,
} from './variables.ts'
