import type { Cluster, ClusterOptions } from '@session-cluster/cluster'
import type { Random } from '@session-cluster/visitor'
import type { Text, Words } from './language.ts'
import type { Picture } from './pictures/picture.ts'
import type { Preset } from './preset.ts'
import type { Check } from './verdict.ts'

/**
 * One claim and how it is put to the test. Adding one is a file in `experiments/` and a line in its index.
 *
 * @example
 * export const coin: Experiment = {
 *   id: 'X99', title: text('A coin is fair', '동전은 공정하다'), says: …, steps: …, expected: …,
 *   async run(lab) { … return { headline, checks: [counted(question, heads, 50)], observations: [], pictures: [] } },
 * }
 */
export interface Experiment {
  /** `C…` for a claim of the tutorial, `X…` for what an engineer asks next. */
  readonly id: `${'C' | 'X'}${number}`
  readonly title: Text
  /** What the tutorial says (C), or what is usually promised (X), in a sentence. */
  readonly says: Text
  readonly steps: Text
  readonly expected: Text
  /** What this experiment cannot show. */
  readonly limits?: Text
  /** Rejects when it could not be run; a claim that turns out false is a finding, not an error. */
  run(lab: Lab): Promise<Findings>
}

/** What an experiment hands back. */
export interface Findings {
  /** The number to remember, and what it counts. */
  readonly headline: { readonly value: Words; readonly label: Text }
  /** What decides the verdict. */
  readonly checks: readonly Check[]
  /** What was seen besides and differs from run to run: milliseconds, requests that were in flight. Never part of a verdict. */
  readonly observations: readonly Observation[]
  readonly pictures: readonly Picture[]
}

export interface Observation {
  readonly what: Text
  readonly value: Words
}

/** What an experiment is given: its size, its randomness, its notebook, and the word to stop. */
export interface Lab {
  readonly seed: number
  readonly preset: Preset
  /** How often a ratio is taken, interleaved. */
  readonly repeats: number
  /** How long one stretch of load lasts, in milliseconds. */
  readonly durationMs: number
  /** How long what is claimed to come by itself may take to come, in milliseconds. */
  readonly patienceMs: number
  /** Aborted by Ctrl-C and when the experiment takes too long. Everything that waits passes it on. */
  readonly signal: AbortSignal
  /** A stream of random numbers that depends on the seed and this name alone. */
  random(name: string): Random
  /** Starts the cluster that is put to the test. A test of the lab puts a wrong one in its place: the claim must then fail. */
  startCluster(options: ClusterOptions): Promise<Cluster>
  /** Picks the size that belongs to the preset. */
  size<T>(sizes: { readonly [preset in Preset]: T }): T
  /** Writes one row of raw data (`raw/<id>.ndjson`). */
  record(row: Readonly<Record<string, unknown>>): void
  /** Says how far it is: `done` from 0 to 1, and what is going on. */
  progress(done: number, doing: Text): void
}

/** Something that has to be true before anything is measured was not. The experiment could not be run. */
export class PreconditionError extends Error {
  readonly code = 'LAB_PRECONDITION'
}

/** Proves that the set-up does what it should before it is measured. Throws `PreconditionError`. */
export function prove(condition: unknown, what: string): asserts condition {
  if (!condition) throw new PreconditionError(`before measuring: ${what}`)
}
