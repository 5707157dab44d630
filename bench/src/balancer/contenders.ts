import type { Program } from '../peers/program.ts'
import { type Balanced, startNode, startOurs, startProgram } from './start.ts'

/** One way to stand before the nodes, as a process of its own. */
export interface Contender {
  readonly id: string
  readonly title: string
  /** Keeps a client on its node. */
  readonly affinity: boolean
  readonly start: (nodes: readonly number[]) => Promise<Balanced>
}

/** The programs outside the workspace that the bench compares with. */
export interface Programs {
  readonly nginx: Program
  readonly haproxy: Program
  readonly caddy: Program
}

/** Everything that `npm run bench -- balancer` compares; the first is the baseline. */
export function contendersWith({ nginx, haproxy, caddy }: Programs): readonly Contender[] {
  return [
    {
      id: 'nginx',
      title: 'nginx',
      affinity: false,
      start: (nodes) => startProgram(nginx, 'nginx.conf', (file) => ['-c', file, '-g', 'daemon off;'], nodes),
    },
    {
      id: 'haproxy',
      title: 'HAProxy',
      affinity: true,
      start: (nodes) => startProgram(haproxy, 'haproxy.cfg', (file) => ['-db', '-q', '-f', file], nodes),
    },
    {
      id: 'caddy',
      title: 'Caddy',
      affinity: true,
      start: (nodes) =>
        startProgram(caddy, 'Caddyfile', (file) => ['run', '--adapter', 'caddyfile', '--config', file], nodes),
    },
    { id: 'http-proxy', title: 'bare http-proxy', affinity: false, start: (nodes) => startNode('http-proxy', nodes) },
    {
      id: 'fastify-http-proxy',
      title: '@fastify/http-proxy',
      affinity: false,
      start: (nodes) => startNode('fastify-http-proxy', nodes),
    },
    {
      id: 'ours-http-proxy',
      title: 'ours, http-proxy',
      affinity: true,
      start: (nodes) => startOurs('http-proxy', nodes),
    },
    { id: 'ours-direct', title: 'ours, direct', affinity: true, start: (nodes) => startOurs('direct', nodes) },
  ]
}
