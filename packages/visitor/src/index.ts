/** Users with a cookie jar and a token, what became of their sessions, and the numbers to tell it with. */
export { type Asked, type Census, census } from './census.ts'
export {
  type Answer,
  type Ask,
  type Attempt,
  ask,
  attemptTo,
  type Connections,
  connections,
  TimeoutError,
} from './client.ts'
export { CookieJar, type StoredCookie } from './cookie-jar.ts'
export { integer, type Random, seededRandom, shuffled } from './random.ts'
export {
  bootstrapMedian,
  type Interval,
  jainIndex,
  maxOverMean,
  median,
  percentile,
  quantile,
  shares,
  slope,
} from './statistics.ts'
export { Traffic, type TrafficOptions } from './traffic.ts'
export { firstVerdict, searched, type Testimony, type UserAction } from './verdict.ts'
export { VirtualUser, type VirtualUserOptions } from './virtual-user.ts'
export { judge, Tally, type Visit, type VisitOutcome } from './visit.ts'
