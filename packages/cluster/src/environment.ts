import { randomUUID } from 'node:crypto'

/** What every child gets from the owner's environment: what programs need to run at all, and nothing that configures ours. */
const PASSED_ON = [
  'PATH',
  'HOME',
  'USER',
  'TMPDIR',
  'LANG',
  'LC_ALL',
  'TZ',
  'NODE_EXTRA_CA_CERTS',
  'NODE_COMPILE_CACHE',
  'REDIS_SERVER',
  'DOCKER_HOST',
  'DOCKER_CONFIG',
]

/** Marks every process of one cluster in its environment, grandchildren included, so that a survivor can be found. A container carries it as a label. */
export const RUN_VARIABLE = 'CLUSTER_RUN'

/** A name for a new run. One that starts inside of another carries the other's name before its own: `outer/inner`. */
export function newRun(from: NodeJS.ProcessEnv = process.env): string {
  const outer = from[RUN_VARIABLE]
  return outer ? `${outer}/${randomUUID()}` : randomUUID()
}

/**
 * The environment that the processes of one run start from. Variables such as PORT or MODE that happen to be set where
 * the cluster is started do not reach its processes: they are given, not inherited.
 */
export function baseEnvironment(run: string, from: NodeJS.ProcessEnv = process.env): Record<string, string> {
  const env: Record<string, string> = { [RUN_VARIABLE]: run }
  for (const name of PASSED_ON) {
    const value = from[name]
    if (value !== undefined) env[name] = value
  }
  return env
}
