import type { PeerName } from './peers.ts'

/** Why a case, or those of its tests that the pattern fits, is not run on another balancer. Whatever is not here is run. */
type WhyNot = readonly [number: number, why: string, title?: RegExp]

const PARSER = 'its own parser decides: it refuses some of these, and mends others before it passes them on'
const CLOCK = 'needs a clock or a policy of the test’s own'
const STRICT = 'refused by name: strict affinity'
const RUN_TIME = 'a node is added or removed by a new file and a reload'
const ONE_TIMER = 'one timer bounds the wait for headers and for the rest of an answer'

const whyNots: Record<PeerName, readonly WhyNot[]> = {
  haproxy: [
    [3, 'the same shares in an order of its own'],
    [5, 'the same shares in an order of its own'],
    [8, 'may draw the same node twice'],
    [9, RUN_TIME],
    [10, RUN_TIME],
    [17, STRICT, /strict/],
    [31, CLOCK],
    [32, CLOCK],
    [33, CLOCK],
    [35, 'a 503, not a 502, when nobody can be reached', /at most two/],
    [36, CLOCK, /is not sent again/],
    [36, ONE_TIMER, /too late/],
    [38, PARSER],
    [41, 'passes on the fields that a Connection line names'],
    [43, ONE_TIMER, /stalls/],
    [45, 'sends a client’s first request over a fresh connection: the case does not arise'],
    [47, 'the answer may be lost when the node closes amid the upload'],
    [50, RUN_TIME],
  ],
  nginx: [
    [2, 'does not probe nodes'],
    [5, RUN_TIME],
    [9, RUN_TIME],
    [10, RUN_TIME],
    [12, 'refused by name: its hash has no bound'],
    [13, 'refused by name: it has no queue'],
    [17, STRICT, /strict/],
    [17, 'does not probe nodes'],
    [18, 'does not probe nodes'],
    [30, 'does not probe nodes'],
    [31, CLOCK],
    [32, CLOCK],
    [33, CLOCK],
    [36, CLOCK, /is not sent again/],
    [36, ONE_TIMER, /too late/],
    [38, PARSER],
    [40, 'drops trailers'],
    [41, 'passes on the fields that a Connection line names'],
    [42, 'drops every header whose name holds an underscore', /CGI/],
    [43, ONE_TIMER, /stalls/],
    [47, 'a 502: it takes the end of the connection amid the upload for a failure'],
    [50, RUN_TIME],
  ],
}

/** The reason, or `undefined` when the case is run there. */
export function whyNot(peer: PeerName, number: number, title: string): string | undefined {
  return whyNots[peer].find(([of, , pattern]) => of === number && (pattern === undefined || pattern.test(title)))?.[1]
}
