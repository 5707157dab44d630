/** Numbers in [0, 1). */
export type Random = () => number

/**
 * Numbers in [0, 1) that are the same for the same seed, on every machine. Each name has a stream of its own, so that one's draws never
 * shift another's. SFC32 by Chris Doty-Humphrey (PractRand), seeded by FNV-1a of the name.
 */
export function seededRandom(seed: number, name = ''): Random {
  let hash = 0x811c9dc5
  for (const character of `${seed}:${name}`) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193)
  let a = hash >>> 0
  let b = 0x9e3779b9
  let c = seed >>> 0
  let counter = 1
  const next = () => {
    const sum = (((a + b) | 0) + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = ((c << 21) | (c >>> 11)) + sum
    return (sum >>> 0) / 2 ** 32
  }
  for (let warm = 0; warm < 12; warm++) next()
  return next
}

/** A whole number in [0, below). */
export const integer = (random: Random, below: number): number => Math.floor(random() * below)

/** A shuffled copy; every order is equally likely (Fisher–Yates). */
export function shuffled<T>(items: readonly T[], random: Random = Math.random): T[] {
  const copy = [...items]
  for (let last = copy.length - 1; last > 0; last--) {
    const other = integer(random, last + 1)
    const held = copy[last] as T
    copy[last] = copy[other] as T
    copy[other] = held
  }
  return copy
}
