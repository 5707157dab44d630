import type { Experiment } from '../experiment.ts'
import { scaleOut } from './c0-scale-out.ts'
import { localLoses } from './c1-local-loses.ts'
import { stickyKeeps } from './c2-sticky-keeps.ts'
import { stickyUnbalanced } from './c3-sticky-unbalanced.ts'
import { crashLoses } from './c4-crash-loses.ts'
import { clusteredSurvives } from './c5-clustered-survives.ts'
import { storeHop } from './c6-store-hop.ts'
import { serializer } from './c7-serializer.ts'
import { lostUpdates } from './x1-lost-updates.ts'
import { failover } from './x2-failover.ts'
import { storeTrouble } from './x3-store-trouble.ts'
import { rollingDeploy } from './x4-rolling-deploy.ts'
import { reshuffle } from './x5-reshuffle.ts'
import { forgery } from './x6-forgery.ts'
import { growth } from './x7-growth.ts'
import { thunderingHerd } from './x8-thundering-herd.ts'
import { writePolicy } from './x9-write-policy.ts'
import { eviction } from './x10-eviction.ts'
import { choices } from './x11-choices.ts'
import { secondBalancer } from './x12-second-balancer.ts'
import { endedEverywhere } from './x13-ended-everywhere.ts'
import { withoutAHop } from './x14-without-a-hop.ts'

/** Every experiment, in the order in which the tutorial makes its claims. */
export const experiments: readonly Experiment[] = [
  scaleOut,
  localLoses,
  stickyKeeps,
  stickyUnbalanced,
  crashLoses,
  clusteredSurvives,
  storeHop,
  serializer(),
  lostUpdates,
  failover(),
  storeTrouble,
  rollingDeploy,
  reshuffle(),
  forgery,
  growth,
  thunderingHerd,
  writePolicy,
  eviction,
  choices,
  secondBalancer(),
  endedEverywhere,
  withoutAHop,
]
