const SUB_BUCKETS = 16
const EXPONENTS = 29
const MAX_US = 2 ** 32 - 1

/**
 * Counts of durations from 1 µs to 71 min (longer ones count as that) in buckets that are at most 6 % wide: constant memory, a few
 * nanoseconds a record, and two can be added up.
 */
export class Histogram {
  readonly counts = new Uint32Array(EXPONENTS * SUB_BUCKETS)
  count = 0
  /** Sum of all records, ms. */
  sum = 0

  /** @param ms a duration; below 1 µs counts as 1 µs */
  record(ms: number): void {
    this.count++
    this.sum += ms
    const index = bucketOf(ms)
    this.counts[index] = (this.counts[index] as number) + 1
  }

  /** The duration, in ms, that the share `q` (0–1) of the records does not exceed; 0 when there is none. */
  quantile(q: number): number {
    if (this.count === 0) return 0
    let left = Math.ceil(q * this.count)
    for (let i = 0; i < this.counts.length; i++) {
      left -= this.counts[i] as number
      if (left <= 0) return upperEdge(i)
    }
    return upperEdge(this.counts.length - 1)
  }

  /** How many records are at most `ms`, to the bucket's precision. */
  countUpTo(ms: number): number {
    let total = 0
    const last = bucketOf(ms)
    for (let i = 0; i <= last; i++) total += this.counts[i] as number
    return total
  }

  /** Adds another's records to this one's. */
  merge(other: { counts: ArrayLike<number>; count: number; sum: number }): void {
    for (let i = 0; i < this.counts.length; i++) {
      this.counts[i] = (this.counts[i] as number) + (other.counts[i] ?? 0)
    }
    this.count += other.count
    this.sum += other.sum
  }
}

// Microseconds, split as a float is: the exponent picks 16 buckets, the mantissa one of them.
function bucketOf(ms: number): number {
  const us = Math.min(Math.max(1, Math.round(ms * 1000)), MAX_US)
  const exponent = 31 - Math.clz32(us)
  if (exponent < 4) return us
  return (exponent - 3) * SUB_BUCKETS + ((us >>> (exponent - 4)) & (SUB_BUCKETS - 1))
}

function upperEdge(index: number): number {
  if (index < SUB_BUCKETS) return index / 1000
  const exponent = Math.floor(index / SUB_BUCKETS) + 3
  const sub = index % SUB_BUCKETS
  return ((SUB_BUCKETS + sub + 1) * 2 ** (exponent - 4)) / 1000
}
