/**
 * What a task's tests did, told again at the end of `npm test`: thousands of other lines stand between a failure and its table.
 * Each task appends to a file of its own, whose path its processes find in `TEST_RECAP`.
 */
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { root } from '../workspace.ts'

/** Vitest's options that have it print as always and tell the recap as well. */
export const reporters = ['--reporter=default', `--reporter=${join(root, 'scripts/test/recap-reporter.ts')}`]

export interface Failure {
  /** The test's file and whole name, or which part of a walk. */
  what: string
  /** What its error says; of a property, its counterexample and seed. */
  why: string
}

/** A test file that has ended. */
export interface Finished {
  file: string
  tests: number
  ms: number
}

/** A test that this machine could not run, and what it lacks. */
export interface LeftOut {
  test: string
  lacks: string
}

type Entry = Failure | Finished | LeftOut

/** Longest `why` that is said again, in characters; the whole text stands where the test ran. */
const LONGEST = 600

/** Tells the recap of something; without a recap (a package's tests run by hand) it does nothing. */
export function tell(entry: Entry): void {
  const file = process.env.TEST_RECAP
  if (file === undefined) return
  const plain = 'why' in entry ? { ...entry, why: stripVTControlCharacters(entry.why) } : entry
  appendFileSync(file, `${JSON.stringify(plain)}\n`)
}

export class Recap {
  readonly #folder = mkdtempSync(join(tmpdir(), 'session-cluster-recap-'))
  readonly #file = join(this.#folder, 'told.ndjson')

  constructor() {
    writeFileSync(this.#file, '')
  }

  /** What a task's processes need to find it. */
  get env(): { TEST_RECAP: string } {
    return { TEST_RECAP: this.#file }
  }

  /** In the order in which they were told, shortened. */
  get failures(): Failure[] {
    return this.#told('why').map(({ what, why }) => ({
      what,
      why: why.length > LONGEST ? `${why.slice(0, LONGEST)} …` : why,
    }))
  }

  get finished(): Finished[] {
    return this.#told('ms')
  }

  get leftOut(): LeftOut[] {
    return this.#told('lacks')
  }

  close(): void {
    rmSync(this.#folder, { recursive: true })
  }

  #told(key: 'why'): Failure[]
  #told(key: 'ms'): Finished[]
  #told(key: 'lacks'): LeftOut[]
  #told(key: string): Entry[] {
    const lines = readFileSync(this.#file, 'utf8').split('\n').slice(0, -1)
    return lines.map((line) => JSON.parse(line) as Entry).filter((entry) => key in entry)
  }
}
