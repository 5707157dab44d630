/** As `Promise.all`, but rejects only when all have ended: what one of them still holds is not left behind. */
export async function allEnded<const Promises extends readonly Promise<unknown>[]>(
  promises: Promises,
): Promise<{ -readonly [Each in keyof Promises]: Awaited<Promises[Each]> }> {
  await Promise.allSettled(promises)
  return Promise.all(promises)
}
