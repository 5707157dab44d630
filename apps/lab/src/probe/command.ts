import { readFile, stat, writeFile } from 'node:fs/promises'
import { UsageError } from '../usage-error.ts'
import type { ProbeArguments, ProbeCommand } from './arguments.ts'
import { type Bounds, ProbeClient } from './client.ts'
import type { Facts } from './exchange.ts'
import { findings, probeExitCode } from './findings.ts'
import { carryOut, NotProbedError, questions } from './plan.ts'
import { page, text } from './render.ts'

interface Around {
  readonly stdout: Pick<NodeJS.WriteStream, 'write'>
  readonly stderr: Pick<NodeJS.WriteStream, 'write'>
  readonly signal: AbortSignal
}

/** For all of the questions but the watch. */
const mostMs = 120_000

/** Probes, or judges a stored probe again; answers the exit code. 3: the page could not be probed. 130: Ctrl-C. */
export async function probeCommand(command: ProbeCommand, { stdout, stderr, signal }: Around): Promise<number> {
  const facts = 'judge' in command ? await stored(command.judge) : await probe(command.of, signal).catch(refusal)
  if (typeof facts === 'string') {
    stderr.write(`lab: ${facts}\n`)
    return 3
  }
  const found = findings(facts)
  stdout.write(command.json ? `${JSON.stringify({ ...facts, findings: found }, null, 1)}\n` : text(facts, found))
  if (command.html !== undefined) await writeFile(command.html, page(facts, found))
  return signal.aborted ? 130 : probeExitCode(found, facts)
}

/** Asks the application and answers what is needed to judge it. Throws `NotProbedError`. */
export async function probe(of: ProbeArguments, signal: AbortSignal, bounds?: Bounds): Promise<Facts> {
  const within = AbortSignal.any([signal, AbortSignal.timeout(mostMs + (of.watchMs ?? 0))])
  const client = new ProbeClient(of, within, bounds)
  const stopped = await carryOut(of, client, within)
  return {
    probe: 1,
    target: `${of.target.origin}${of.target.pathname}`,
    ...(of.cookie === undefined ? {} : { cookie: of.cookie }),
    asked: questions(of),
    history: client.history,
    ...(stopped === undefined ? {} : { stopped }),
  }
}

function refusal(error: unknown): string {
  if (error instanceof NotProbedError) return error.message
  throw error
}

/** A stored probe is far smaller than this. */
const mostBytes = 4 * 2 ** 20

async function stored(file: string): Promise<Facts> {
  const wrong = (why: string) => new UsageError(`--judge "${file}": ${why}`)
  const { size } = await stat(file).catch(() => {
    throw wrong('there is no such file')
  })
  if (size > mostBytes) throw wrong('is too large for a stored probe')
  try {
    const facts: Facts = JSON.parse(await readFile(file, 'utf8'))
    if (facts.probe !== 1 || !Array.isArray(facts.history) || !Array.isArray(facts.asked)) throw new TypeError()
    findings(facts) // What is not a history fails here, not in a half-printed page.
    return facts
  } catch {
    throw wrong('is not what `probe --json` prints')
  }
}
