/**
 * What failed, said again at the end of `npm test`: thousands of lines of other stages stand between a failure and its table.
 * Each stage appends its failures to one file, whose path its processes find in `TEST_RECAP`.
 */
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
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

/** Longest `why` that is said again, in characters; the whole text stands where the test ran. */
const LONGEST = 600

/** Tells the recap of a failure; without a recap (a package's tests run by hand) it does nothing. */
export function tell({ what, why }: Failure): void {
  const file = process.env.TEST_RECAP
  if (file !== undefined) appendFileSync(file, `${JSON.stringify({ what, why: stripVTControlCharacters(why) })}\n`)
}

export class Recap {
  readonly #file = join(mkdtempSync(join(tmpdir(), 'session-cluster-recap-')), 'failures.ndjson')

  constructor() {
    this.#clear()
  }

  /** What a stage's processes need to find it. */
  get env(): NodeJS.ProcessEnv {
    return { TEST_RECAP: this.#file }
  }

  /** The failures since the last call, shortened, in the order in which they were told. */
  take(): Failure[] {
    const lines = readFileSync(this.#file, 'utf8').split('\n').filter(Boolean)
    this.#clear()
    return lines.map((line) => {
      const { what, why } = JSON.parse(line) as Failure
      return { what, why: why.length > LONGEST ? `${why.slice(0, LONGEST)} …` : why }
    })
  }

  close(): void {
    rmSync(dirname(this.#file), { recursive: true })
  }

  #clear(): void {
    writeFileSync(this.#file, '')
  }
}
