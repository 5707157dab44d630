/** Each count's part of the whole, 0 to 1. All zero when there is nothing to share. */
export function shares(counts: readonly number[]): number[] {
  const total = counts.reduce((sum, count) => sum + count, 0)
  return counts.map((count) => (total === 0 ? 0 : count / total))
}

/** The busiest over the average: 1 is even, the number of nodes when one node does everything. */
export function maxOverMean(counts: readonly number[]): number {
  const total = counts.reduce((sum, count) => sum + count, 0)
  return total === 0 ? Number.NaN : (Math.max(...counts) * counts.length) / total
}

/** Jain's fairness index (Jain, Chiu, Hawe, 1984): 1 is even, 1/n when one of n has everything. */
export function jainIndex(counts: readonly number[]): number {
  const total = counts.reduce((sum, count) => sum + count, 0)
  const squares = counts.reduce((sum, count) => sum + count ** 2, 0)
  return squares === 0 ? Number.NaN : total ** 2 / (counts.length * squares)
}
