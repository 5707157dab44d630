import { median } from '@session-cluster/visitor'
import { type Rounds, roundsOf } from '../measure/rounds.ts'
import type { Figure } from '../report/figures.ts'

const engines = ['ours-direct', 'ours-http-proxy'] as const

/** Ours with the engine that spends least in this run. */
export function cheapestEngine(rounds: Rounds): (typeof engines)[number] {
  const cost = (id: string): number => median(roundsOf(rounds, id, 'request'))
  return engines.reduce((best, id) => (cost(id) < cost(best) ? id : best))
}

/** What packages/balancer must stay within; "2.5 times cheaper" is a ratio of at most 0.4. */
export function figuresFor(cheapest: string): readonly Figure[] {
  const figure = (name: string, contender: string, against: string, bound: Figure['bound']): Figure => ({
    name,
    scenario: 'request',
    contender,
    against,
    bound,
  })
  return [
    figure(`${cheapest} / nginx`, cheapest, 'nginx', { atMost: 3 }),
    figure(`${cheapest} / Caddy`, cheapest, 'caddy', { below: 1 }),
    figure(`${cheapest} / bare http-proxy`, cheapest, 'http-proxy', { atMost: 0.4 }),
    figure('ours-http-proxy / bare http-proxy', 'ours-http-proxy', 'http-proxy', { atMost: 1.05 }),
  ]
}
