/** The stages of `npm test`. A stage is added here, in one place. */
import { packages, run } from '../workspace.ts'
import { oldestNodes } from './oldest.ts'
import type { Need } from './parts.ts'
import { reporters } from './recap.ts'
import { redises } from './redises.ts'
import type { Task } from './task.ts'

export interface Stage {
  name: string
  /** Finishes the line "name: …". */
  what: string
  needs: readonly Need[]
  /** What its tests leave out, and say so, where the machine lacks it. */
  wants?: readonly Need[]
  tasks(): readonly Task[]
}

export const stages: readonly Stage[] = [
  {
    name: 'unit',
    what: 'every package on its own, its stores on real Redis servers',
    needs: ['redis'],
    wants: ['peers', 'java'],
    tasks: () => vitest('test'),
  },
  {
    name: 'oldest',
    what: 'what touches Node itself, on the oldest Node that each library promises',
    needs: ['redis', 'oldestNodes'],
    tasks: oldestNodes,
  },
  {
    name: 'redises',
    what: 'the Redis store on Redis 6.2 and 8.2 and on Valkey 9.1; unit has the machine’s own',
    needs: ['redises'],
    tasks: redises,
  },
  {
    name: 'processes',
    what: 'clusters of real processes, crashed, frozen and rolled',
    needs: ['redis'],
    wants: ['java'],
    tasks: () => vitest('test:processes'),
  },
  {
    name: 'browser',
    what: "the servers' pages and the console in a real Chromium",
    needs: ['redis', 'chromium'],
    tasks: () => vitest('test:browser'),
  },
  {
    name: 'readme',
    what: "the README's commands, typed as it says, and its table",
    needs: ['redis'],
    tasks: () => [script('readme')],
  },
  {
    name: 'compose',
    what: 'docker compose up, walked through in every form',
    needs: ['containers'],
    tasks: () => [script('compose')],
  },
  {
    name: 'kubernetes',
    what: 'the image, run as the Kubernetes manifests say',
    needs: ['containers', 'kubectl'],
    tasks: () => [script('kubernetes')],
  },
]

/** What takes longest starts first, so that nothing long is left over when all else is done. A task that is not named comes last. */
export const longestFirst: readonly string[] = [
  'browser apps/console',
  'processes apps/lab',
  'processes cluster',
  'compose',
  'unit session',
  'oldest balancer',
  'unit balancer',
  'unit apps/balancer',
  'readme',
  'unit apps/server',
  'oldest session',
  'kubernetes',
]

/** The packages' own scripts of this name, each of which calls Vitest last. */
function vitest(name: string): Task[] {
  return packages().flatMap(({ name: owner, folder, scripts }) => {
    const command = scripts[name]
    if (command === undefined) return []
    const [program = '', ...args] = command.split(' ')
    return [{ name: owner, run: (options) => run(program, [...args, ...reporters], { ...options, cwd: folder }) }]
  })
}

function script(name: string): Task {
  return { name, run: (options) => run('node', [`scripts/test/${name}.ts`], options) }
}
