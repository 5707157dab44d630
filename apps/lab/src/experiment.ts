import type { Cluster, ClusterOptions, SpringOptions, SpringServer } from '@session-cluster/cluster'
import type { Random } from '@session-cluster/visitor'
import type { History, Row } from './history.ts'
import type { Text, Words } from './language.ts'
import type { Picture } from './pictures/picture.ts'
import type { Preset } from './preset.ts'
import type { Check } from './verdict.ts'

/**
 * One claim and how it is put to the test: `run` makes requests and faults and writes down what it saw; `judge` reads that and
 * nothing else. Adding one is a file in `experiments/` and a line in its index.
 *
 * @example
 * export const coin = experiment<{ step: 'toss'; heads: boolean }>({
 *   id: 'X99', title: text('A coin is fair', '동전은 공정하다'), says: …, steps: …, expected: …,
 *   async run(lab) { … lab.record({ step: 'toss', heads }) … },
 *   judge(history) { return { headline, checks: [counted(question, heads(history), 50)], observations: [], pictures: [] } },
 * })
 */
export interface Experiment<Rows extends Row = Row> {
  /** `C…` for a claim of the tutorial, `X…` for what an engineer asks next. */
  readonly id: `${'C' | 'X'}${number}`
  readonly title: Text
  /** What the tutorial says (C), or what is usually promised (X), in a sentence. */
  readonly says: Text
  readonly steps: Text
  readonly expected: Text
  /** What is put to the test: clusters of real processes, or parts of them alone. @default 'cluster' */
  readonly on?: 'cluster' | 'parts'
  /** What this experiment cannot show. */
  readonly limits?: Text
  /** Generator and faults: all that is seen goes into the history. Rejects when it could not be run. */
  run(lab: Lab<Rows>): Promise<void>
  /** The checker: a function of the history alone. A claim that turns out false is a finding, not an error. */
  judge(history: History<Rows>): Findings
}

/** An experiment whose history has rows of these kinds. */
export const experiment = <Rows extends Row>(of: Experiment<Rows>): Experiment => of as unknown as Experiment

/** What a checker reads out of a history. */
export interface Findings {
  /** The number to remember, and what it counts. */
  readonly headline: { readonly value: Words; readonly label: Text }
  /** What decides the verdict. */
  readonly checks: readonly Check[]
  /** What was seen besides and differs from run to run: milliseconds, requests that were in flight. Never part of a verdict. */
  readonly observations: readonly Observation[]
  readonly pictures: readonly Picture[]
  /** Numbers that tables elsewhere are made of, by name. */
  readonly figures?: Readonly<Record<string, number>>
}

export interface Observation {
  readonly what: Text
  readonly value: Words
}

/** What an experiment is given: its size, its randomness, its notebook, and the word to stop. */
export interface Lab<Rows extends Row = Row> {
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
  /** Starts the tutorial's own program; rejects with `NoSpringError` where this machine has no Java. */
  startSpring(options: SpringOptions): Promise<SpringServer>
  /** Picks the size that belongs to the preset. */
  size<T>(sizes: { readonly [preset in Preset]: T }): T
  /** Writes one row of the history (`raw/<id>.ndjson`). */
  record(row: Rows): void
  /** The history so far: whether a ratio is open, and more rounds have to be taken, is asked of it. */
  history(): History<Rows>
  /** Says how far it is: `done` from 0 to 1, and what is going on. */
  progress(done: number, doing: Text): void
}

/** A lab in whose history these rows may be written, whatever others it holds: what the rig asks for. */
export type Recorder<Rows extends Row> = Omit<Lab, 'record' | 'history'> & { record(row: Rows): void }

/** Something that has to be true before anything is measured was not. The experiment could not be run. */
export class PreconditionError extends Error {
  readonly code = 'LAB_PRECONDITION'
}

/** Proves that the set-up does what it should before it is measured. Throws `PreconditionError`. */
export function prove(condition: unknown, what: string): asserts condition {
  if (!condition) throw new PreconditionError(`before measuring: ${what}`)
}
