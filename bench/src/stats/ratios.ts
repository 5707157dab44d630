/** Round by round, `values` over `base`: what one round's machine did to both of them cancels out. */
export function ratios(values: readonly number[], base: readonly number[]): number[] {
  if (values.length !== base.length)
    throw new RangeError(`${values.length} rounds against ${base.length}: not one run.`)
  return values.map((value, round) => value / (base[round] as number))
}
