import { findProgram, type Program, sources } from '../peers/program.ts'
import { scenarios, TINY, USUAL } from './scenarios.ts'
import { type Balanced, startNode, startOurs, startProgram } from './start.ts'

/** One way to stand before the nodes, as a process of its own. */
export interface Contender {
  readonly id: string
  readonly title: string
  /** Keeps a client on its node. */
  readonly affinity: boolean
  /** Those that it is measured in. */
  readonly scenarios: readonly string[]
  /** Requests that it serves before it is measured: V8 goes on compiling for some 60,000. */
  readonly warmUp: number
  readonly start: (nodes: readonly number[]) => Promise<Balanced>
}

/** The programs outside the workspace that the bench compares with. */
interface Programs {
  readonly nginx: Program
  readonly haproxy: Program
  readonly caddy: Program
}

/** Finds them on the machine, or fetches them. */
export async function findPrograms(say: (line: string) => void): Promise<Programs> {
  const find = (source: keyof Programs) => findProgram(sources[source], say)
  const [nginx, haproxy, caddy] = await Promise.all([find('nginx'), find('haproxy'), find('caddy')])
  return { nginx, haproxy, caddy }
}

const all = { scenarios: scenarios.map(({ id }) => id) }
const few = { scenarios: [TINY, USUAL] }
const native = { ...all, warmUp: 4000 }
const compiled = { warmUp: 80_000 }

/** Everything that `npm run bench -- balancer` compares; the first is the baseline. */
export function contendersWith({ nginx, haproxy, caddy }: Programs): readonly Contender[] {
  return [
    {
      id: 'nginx',
      title: 'nginx',
      affinity: false,
      ...native,
      start: (nodes) => startProgram(nginx, 'nginx.conf', (file) => ['-c', file, '-g', 'daemon off;'], nodes),
    },
    {
      id: 'haproxy',
      title: 'HAProxy',
      affinity: true,
      ...native,
      start: (nodes) => startProgram(haproxy, 'haproxy.cfg', (file) => ['-db', '-q', '-f', file], nodes),
    },
    {
      id: 'caddy',
      title: 'Caddy',
      affinity: true,
      ...few,
      warmUp: 4000,
      start: (nodes) =>
        startProgram(caddy, 'Caddyfile', (file) => ['run', '--adapter', 'caddyfile', '--config', file], nodes),
    },
    {
      id: 'http-proxy',
      title: 'bare http-proxy',
      affinity: false,
      ...few,
      ...compiled,
      start: (nodes) => startNode('http-proxy', nodes),
    },
    {
      id: 'fastify-http-proxy',
      title: '@fastify/http-proxy',
      affinity: false,
      ...few,
      // No figure is made of it.
      warmUp: 20_000,
      start: (nodes) => startNode('fastify-http-proxy', nodes),
    },
    {
      id: 'ours-http-proxy',
      title: 'ours, http-proxy',
      affinity: true,
      ...few,
      ...compiled,
      start: (nodes) => startOurs('http-proxy', nodes),
    },
    {
      id: 'ours-direct',
      title: 'ours, direct',
      affinity: true,
      ...all,
      ...compiled,
      start: (nodes) => startOurs('direct', nodes),
    },
  ]
}
