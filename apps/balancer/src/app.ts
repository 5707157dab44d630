import type { Server } from 'node:http'
import { type Balancer, controlOf, createAdmin, createBalancer } from '@session-cluster/balancer'
import type { Logger } from 'pino'
import type { Config } from './config.ts'

/** The balancer and its admin API, built and not yet listening. */
export interface App {
  readonly balancer: Balancer
  readonly admin: Server
}

/** Builds both. MODE decides whether affinity is wrapped around the policy. */
export function createApp(config: Config, log: Logger): App {
  const balancer = createBalancer({
    upstreams: config.upstreams,
    policy: config.policy,
    engine: config.engine,
    affinity: config.mode === 'sticky' ? { secret: config.affinitySecret } : undefined,
    health: config.health,
    trustProxy: config.trustProxy,
    token: config.balancerToken,
    accessLog: config.accessLog ? (entry) => log.info(entry, 'request') : undefined,
  })
  balancer.events.on('upstream', ({ name, state, reason }) => log.info({ upstream: name, state, reason }, 'upstream'))
  const admin = createAdmin(controlOf(balancer), { token: config.adminToken, about: () => about(config, balancer) })
  return { balancer, admin }
}

function about(config: Config, balancer: Balancer): object {
  return {
    name: 'session-cluster balancer',
    mode: config.mode,
    policy: config.policy,
    engine: balancer.engine.name,
    affinity: balancer.affinityName ?? null,
    health: config.health,
    pid: process.pid,
  }
}
