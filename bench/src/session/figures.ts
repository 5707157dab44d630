import type { Figure } from '../report/figures.ts'
import type { Scenario } from './contenders.ts'

const figure = (name: string, scenario: Scenario, contender: string, against: string, atMost: number): Figure => ({
  name,
  scenario,
  contender,
  against,
  bound: { atMost },
})

/** What packages/session must stay within, as the CPU of one request over another's. */
export const figures: readonly Figure[] = [
  figure('untouched (memory) / bare Fastify', 'untouched', 'ours-memory', 'bare', 1.05),
  figure('untouched (Redis) / bare Fastify', 'untouched', 'ours-redis', 'bare', 1.05),
  figure('memory read / bare Fastify', 'read', 'ours-memory', 'bare', 1.15),
  figure('memory write / Redis write', 'write', 'ours-memory', 'ours-redis', 1),
  figure('withSessions, untouched / bare node:http', 'untouched', 'http-memory', 'bare-http', 1.1),
  figure('withSessions, memory read / bare node:http', 'read', 'http-memory', 'bare-http', 1.25),
  figure('request.session, Redis read / Redis read', 'read', 'sync-redis', 'ours-redis', 1.15),
  figure('Redis read / bare Fastify', 'read', 'ours-redis', 'bare', 1.9),
  figure('Redis read / @fastify/session + connect-redis', 'read', 'ours-redis', 'fs-redis', 0.65),
  figure('Redis write / bare Fastify', 'write', 'ours-redis', 'bare', 2.5),
  figure('near cache read / bare Fastify', 'read', 'ours-hybrid', 'bare', 1.2),
  figure('near cache read / @fastify/session + connect-redis', 'read', 'ours-hybrid', 'fs-redis', 0.4),
  figure('near cache write / bare Fastify', 'write', 'ours-hybrid', 'bare', 2.6),
  figure('Redis write / @fastify/session + connect-redis', 'write', 'ours-redis', 'fs-redis', 1),
]
