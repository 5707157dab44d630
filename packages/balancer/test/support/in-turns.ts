/** Runs all, sixteen at a time. */
export async function inTurns<T>(all: readonly T[], run: (one: T, index: number) => Promise<void>): Promise<void> {
  const waiting = all.entries()
  await Promise.all(
    Array.from({ length: 16 }, async () => {
      for (const [index, one] of waiting) await run(one, index)
    }),
  )
}
