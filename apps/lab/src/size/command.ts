import { writeFile } from 'node:fs/promises'
import { observeEnvironment } from '../environment.ts'
import type { SizeCommand } from './arguments.ts'
import { measurePoint } from './measure.ts'
import { readMeasured, type SizeResult, sizeFile } from './measured.ts'
import { defaultLimits, planOf, runsOutAt } from './plan.ts'
import { describe } from './render.ts'
import { simulate } from './simulation.ts'

interface Around {
  readonly stdout: Pick<NodeJS.WriteStream, 'write'>
  readonly stderr: Pick<NodeJS.WriteStream, 'write'>
  readonly signal: AbortSignal
}

/** From what is to be served to machines; or measures the points that this goes by, and keeps them in bench/results. */
export async function sizeCommand(command: SizeCommand, { stdout, stderr, signal }: Around): Promise<number> {
  if ('measure' in command) {
    const points = []
    for (const { sessions, valueBytes } of command.measure) {
      stderr.write(`${sessions} sessions of ${valueBytes} bytes …\n`)
      points.push(await measurePoint({ sessions, valueBytes, signal }))
    }
    const result: SizeResult = { environment: await observeEnvironment(), points }
    await writeFile(sizeFile, `${JSON.stringify(result, null, 1)}\n`)
    return 0
  }
  const { demand, seed } = command
  const measured = readMeasured()
  const growth = [1, 10, 100].map((times) => {
    const grown = { ...demand, users: demand.users * times, requestsPerSecond: demand.requestsPerSecond * times }
    return { times, plan: planOf(grown, measured) }
  })
  const found = {
    demand,
    limits: defaultLimits,
    measured,
    growth,
    runsOut: runsOutAt(demand, measured),
    simulation: simulate({ servers: 1000, clients: 100_000, zones: 3, seed }),
  }
  stdout.write(command.json ? `${JSON.stringify(found, null, 1)}\n` : describe(found))
  return 0
}
