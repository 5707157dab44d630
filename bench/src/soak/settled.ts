/**
 * Reads until three readings in a row agree to a thousandth, and answers the last: what a program still lets go of by itself,
 * such as timers cleared until their next tick and code that V8 has not run for a while, is none of what it holds.
 * @param read one reading; it takes at least as long as what is let go of needs
 * @throws when the readings do not settle
 */
export async function settled(read: () => Promise<number>, most = 40): Promise<number> {
  const last: number[] = []
  for (let count = 0; count < most; count++) {
    last.push(await read())
    if (last.length > 3) last.shift()
    if (last.length === 3 && Math.max(...last) - Math.min(...last) <= Math.min(...last) / 1000) return last[2] as number
  }
  throw new Error(`Not settled within ${most} readings, the last three: ${last.join(', ')}`)
}
