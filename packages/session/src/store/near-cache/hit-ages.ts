/** Upper bounds of ages, ms. */
const BOUNDS = [1, 10, 100, 1_000, 10_000, Infinity] as const

/** Counts hits by how long ago what they were answered with had been read. */
export class HitAges {
  readonly #counts: number[] = BOUNDS.map(() => 0)
  #hits = 0
  #sumMs = 0

  add(ageMs: number): void {
    this.#hits++
    this.#sumMs += ageMs
    let i = 0
    while (ageMs > (BOUNDS[i] as number)) i++
    this.#counts[i] = (this.#counts[i] as number) + 1
  }

  get counted(): { hits: number; hitAges: ReadonlyMap<number, number>; hitAgeSumMs: number } {
    const hitAges = new Map(BOUNDS.map((bound, i) => [bound, this.#counts[i] as number]))
    return { hits: this.#hits, hitAges, hitAgeSumMs: this.#sumMs }
  }
}
