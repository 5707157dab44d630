import { fileURLToPath } from 'node:url'
import { readArguments, UsageError, usage } from './arguments.ts'
import { compare, judgeCommand, list, reportCommand, runCommand, type Surroundings } from './commands.ts'
import { experiments } from './experiments/index.ts'
import { probeCommand } from './probe/command.ts'
import { sizeCommand } from './size/command.ts'

const stop = new AbortController()
/** One Ctrl-C comes twice: from the terminal, and from the program that started this one and passes it on. */
const samePressMs = 1000

/** Runs the command line given after `npm run lab --` and sets the process's exit code. */
async function main(argv: readonly string[]): Promise<number> {
  const command = readArguments(argv)
  const around: Surroundings = {
    experiments,
    env: process.env,
    stdout: process.stdout,
    stderr: process.stderr,
    signal: stop.signal,
    runsFolder: fileURLToPath(new URL('../../../.cache/lab', import.meta.url)),
  }
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, onSignal)
  switch (command.name) {
    case 'list':
      return list(command, around)
    case 'run':
      return runCommand(command, around)
    case 'report':
      return reportCommand(command, around)
    case 'judge':
      return judgeCommand(command, around)
    case 'compare':
      return compare(command, around)
    case 'probe':
      return probeCommand(command, around)
    case 'size':
      return sizeCommand(command, around)
    case 'help':
      process.stdout.write(`${usage}\n`)
      return 0
  }
}

let stoppedAt: number | undefined

/** The first signal ends the running experiment in order; the next does not wait for it. */
function onSignal() {
  if (stoppedAt === undefined) {
    stoppedAt = performance.now()
    process.stderr.write('\nStopping: what is finished is kept …\n')
    stop.abort()
  } else if (performance.now() - stoppedAt > samePressMs) process.exit(130)
}

// Nobody reads on (`| head`): that is no fault of anybody's. What runs ends as after Ctrl-C, and without a word.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
    stop.abort()
  })
}

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  // 1 would say that a claim fails: nothing was found out here.
  process.exitCode = 3
  if (error instanceof UsageError) {
    process.stderr.write(`lab: ${error.message} (every command and option: npm run lab -- help)\n`)
  } else process.stderr.write(`lab: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`)
}
