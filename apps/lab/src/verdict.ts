import type { Random } from '@session-cluster/visitor'
import { bootstrapMedian, median } from '@session-cluster/visitor'
import { formatNumber, isText, type Text, text, type Words } from './language.ts'

/** Two ends of a range, low first. */
type Interval = readonly [low: number, high: number]

const resamples = 4000

/** What a measurement says of a claim. *Inconclusive*: the spread reaches over the bound; measure longer or on a quieter machine. */
export type Verdict = 'holds' | 'fails' | 'inconclusive'

/** One question that decides a claim, with what was expected and what was found. */
export interface Check {
  readonly question: Text
  /**
   * A *count* is exact and the same in every run with this seed. A *presence* asks only whether there was one: how many
   * (`seen`) differs from run to run. A *ratio* was taken within one run, several times over.
   */
  readonly kind: 'count' | 'presence' | 'ratio'
  readonly expected: Words
  readonly measured: Words
  readonly verdict: Verdict
  /** How many there were in this run, for a presence. */
  readonly seen?: Words
  /** A ratio's repeats, in the order in which they were taken. */
  readonly samples?: readonly number[]
  /** The interval of their median. */
  readonly interval?: Interval
  /** How sure the interval is, 0 to 1. */
  readonly confidence?: number
}

type Countable = Words | readonly (number | string)[]

/** For a count whose size is of no account, only whether there was one. */
export const someOrNone = (count: number): Text => (count > 0 ? text('some', '있음') : text('none', '없음'))

/**
 * Holds when there was one where one was expected, none where none was. Of a number that differs from run to run this alone
 * is reproducible; the number itself is told beside it (`of` how many there could have been).
 */
export function presence(question: Text, count: number, expected: 'some' | 'none', of?: number): Check {
  const [found, wanted] = [someOrNone(count), someOrNone(expected === 'some' ? 1 : 0)]
  const seen = of === undefined ? count : text(`${count} of ${of}`, `${of} 중 ${count}`)
  const verdict = found.en === wanted.en ? 'holds' : 'fails'
  return { question, kind: 'presence', expected: wanted, measured: found, seen, verdict }
}

/** Holds when the two are equal, and fails otherwise: a count has no tolerance. Lists read `10 / 0 / 10`. */
export function counted(question: Text, measured: Countable, expected: Countable): Check {
  const [found, wanted] = [readable(measured), readable(expected)]
  return {
    question,
    kind: 'count',
    expected: wanted,
    measured: found,
    verdict: same(found, wanted) ? 'holds' : 'fails',
  }
}

/** Where a ratio has to lie. At least one end; both ends belong to the range. */
export type Bound =
  | { readonly atLeast: number; readonly atMost?: number }
  | { readonly atLeast?: number; readonly atMost: number }

/** By what a ratio is judged. */
export interface Judging {
  /** For the bootstrap: the same stream gives the same interval. */
  readonly random: Random
  /** How sure the interval has to be, 0 to 1. @default 0.95 */
  readonly confidence?: number
}

/**
 * How many samples a ratio needs for a verdict. Fewer have no interval of 95 %: the range of n samples misses the median on one side
 * with a chance of 2⁻ⁿ, which is 3 % for five and every second time for one (docs/decisions/0604).
 */
export const leastSamples = 5

/**
 * Holds when the whole interval lies within the bound, fails when all of it lies outside, and is inconclusive across it, or with
 * fewer than `leastSamples`.
 */
export function ratio(question: Text, samples: readonly number[], bound: Bound, judging: Judging): Check {
  const { random, confidence = 0.95 } = judging
  const low = bound.atLeast ?? Number.NEGATIVE_INFINITY
  const high = bound.atMost ?? Number.POSITIVE_INFINITY
  const ends = bootstrapMedian(samples, { random, resamples, confidence })
  const interval = [ends.low, ends.high] as const
  const inside = interval[0] >= low && interval[1] <= high
  const outside = interval[1] < low || interval[0] > high
  const verdict = samples.length < leastSamples ? 'inconclusive' : inside ? 'holds' : outside ? 'fails' : 'inconclusive'
  return {
    question,
    kind: 'ratio',
    expected: boundInWords(bound),
    measured: median(samples),
    verdict,
    samples,
    interval,
    confidence,
  }
}

/** A number that was taken several times, for the reader: `12.3 (n = 5: 11.9 … 14)`, the median and the range of all. */
export function withSpread(values: readonly number[]): string {
  const range = [Math.min(...values), Math.max(...values)].map(formatNumber).join(' … ')
  return `${formatNumber(median(values))} (n = ${values.length}${values.length > 1 ? `: ${range}` : ''})`
}

/** A claim fails with its first failing check, holds only when all do. Nothing checked is nothing shown: inconclusive. */
export function verdictOf(checks: readonly Pick<Check, 'verdict'>[]): Verdict {
  if (checks.some((check) => check.verdict === 'fails')) return 'fails'
  return checks.length > 0 && checks.every((check) => check.verdict === 'holds') ? 'holds' : 'inconclusive'
}

function readable(value: Countable): Words {
  return Array.isArray(value) ? value.join(' / ') : (value as Words)
}

const same = (found: Words, wanted: Words) =>
  isText(found) && isText(wanted) ? found.en === wanted.en : found === wanted

function boundInWords({ atLeast, atMost }: Bound): string {
  const [low, high] = [atLeast, atMost].map((end) => (end === undefined ? undefined : formatNumber(end)))
  if (low !== undefined && high !== undefined) return `${low} … ${high}`
  return low !== undefined ? `≥ ${low}` : `≤ ${high}`
}
