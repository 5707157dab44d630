import { median } from '@session-cluster/visitor'
import { type Rounds, roundsOf } from '../measure/rounds.ts'
import type { Figure } from '../report/figures.ts'
import { TINY, USUAL } from './scenarios.ts'

const engines = ['ours-direct', 'ours-http-proxy'] as const

/** Ours with the engine that spends least in this run. */
export function cheapestEngine(rounds: Rounds): (typeof engines)[number] {
  const cost = (id: string): number => median(roundsOf(rounds, id, USUAL))
  return engines.reduce((best, id) => (cost(id) < cost(best) ? id : best))
}

/** What packages/balancer must stay within; "2.5 times cheaper" is a ratio of at most 0.4. */
export function figuresFor(cheapest: string): readonly Figure[] {
  const figure = (scenario: string, contender: string, against: string, atMost: number): Figure => ({
    name: `${scenario}: ${contender} / ${against}`,
    ...{ scenario, contender, against, bound: { atMost } },
  })
  return [
    figure(USUAL, cheapest, 'nginx', 2.2),
    figure(USUAL, cheapest, 'haproxy', 2.2),
    figure(USUAL, cheapest, 'caddy', 0.6),
    figure(USUAL, cheapest, 'http-proxy', 0.4),
    figure(TINY, cheapest, 'nginx', 3),
    figure(TINY, cheapest, 'haproxy', 3),
    figure(TINY, cheapest, 'caddy', 1),
    figure(TINY, cheapest, 'http-proxy', 0.4),
    figure(TINY, 'ours-http-proxy', 'http-proxy', 1.05),
  ]
}
