/** Virtual users with cookie jars, and what became of their visits: hit, miss, lost and error told apart. */
export { type Asked, type Census, census } from './census.ts'
export { type Answer, type Ask, ask, TimeoutError } from './client.ts'
export { CookieJar } from './cookie-jar.ts'
export { seededRandom } from './random.ts'
export { Traffic, type TrafficOptions } from './traffic.ts'
export { type Random, VirtualUser, type VirtualUserOptions } from './virtual-user.ts'
export { judge, type Outcome, Tally, type Visit } from './visit.ts'
