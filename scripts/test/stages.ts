/** The stages of `npm test`, cheapest first. A stage is added here, in one place. */
import { run, turbo } from '../workspace.ts'
import { testOnOldest } from './oldest.ts'
import type { Need } from './parts.ts'
import { reporters } from './recap.ts'
import { testOnRedises } from './redises.ts'

export interface Stage {
  name: string
  /** Finishes the line "name: …". */
  what: string
  needs: readonly Need[]
  /** Answers whether all of it passed; `env` tells where the needed parts are. */
  run(env: NodeJS.ProcessEnv): Promise<boolean>
}

export const stages: readonly Stage[] = [
  {
    name: 'unit',
    what: 'every package on its own, its stores on real Redis servers',
    needs: ['redis', 'peers'],
    run: (env) => each('test', env),
  },
  {
    name: 'oldest',
    what: 'the session library and the balancer on the oldest Node that each promises',
    needs: ['redis', 'oldestNodes', 'peers'],
    run: testOnOldest,
  },
  {
    name: 'redises',
    what: 'the Redis store on Redis 6.2 and 8.2 and on Valkey 9.1; unit has the machine’s own',
    needs: ['redises'],
    run: testOnRedises,
  },
  {
    name: 'processes',
    what: 'clusters of real processes, crashed, frozen and rolled',
    needs: ['redis'],
    run: (env) => each('test:processes', env),
  },
  {
    name: 'browser',
    what: "the servers' pages and the console in a real Chromium",
    needs: ['redis', 'chromium'],
    run: (env) => each('test:browser', env),
  },
  {
    name: 'readme',
    what: "the README's commands, typed as it says, and its table",
    needs: ['redis'],
    run: (env) => run('node', ['scripts/test/readme.ts'], env),
  },
  {
    name: 'compose',
    what: 'docker compose up, walked through in every mode',
    needs: ['containers'],
    run: (env) => run('node', ['scripts/test/compose.ts'], env),
  },
  {
    name: 'kubernetes',
    what: 'the image, run as the Kubernetes manifests say',
    needs: ['containers', 'kubectl'],
    run: (env) => run('node', ['scripts/test/kubernetes.ts'], env),
  },
]

/** One task after another: the stages start real clusters, which should not contend for two cores. */
function each(task: string, env: NodeJS.ProcessEnv): Promise<boolean> {
  return turbo(task, ['--concurrency=1', '--continue', '--', ...reporters], env)
}
