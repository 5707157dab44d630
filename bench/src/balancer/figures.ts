import { type Rounds, roundsOf } from '../measure/rounds.ts'
import type { Figure } from '../report/figures.ts'
import { median } from '../stats/interval.ts'

const engines = ['ours-http-proxy', 'ours-undici'] as const

/** Ours with the engine that spends less in this run. */
export function fasterEngine(rounds: Rounds): (typeof engines)[number] {
  const [httpProxy, undici] = engines.map((id) => median(roundsOf(rounds, id, 'request'))) as [number, number]
  return undici <= httpProxy ? 'ours-undici' : 'ours-http-proxy'
}

/** What packages/balancer must stay within; "2.5 times cheaper" is a ratio of at most 0.4. */
export function figuresFor(faster: string): readonly Figure[] {
  const figure = (name: string, contender: string, against: string, bound: Figure['bound']): Figure => ({
    name,
    scenario: 'request',
    contender,
    against,
    bound,
  })
  return [
    figure(`${faster} / nginx`, faster, 'nginx', { atMost: 3 }),
    figure(`${faster} / Caddy`, faster, 'caddy', { below: 1 }),
    figure(`${faster} / bare http-proxy`, faster, 'http-proxy', { atMost: 0.4 }),
    figure('ours-http-proxy / bare http-proxy', 'ours-http-proxy', 'http-proxy', { atMost: 1.05 }),
  ]
}
