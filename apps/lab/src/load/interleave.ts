/**
 * Takes every contender's turn once per round, for `rounds` rounds, starting each round one contender further, so that a
 * slow minute of the machine falls on all of them. Answers each contender's results in order of the rounds.
 */
export async function interleave<Name extends string, R>(
  contenders: readonly Name[],
  rounds: number,
  turn: (name: Name, round: number) => Promise<R>,
): Promise<Record<Name, R[]>> {
  const results = Object.fromEntries(contenders.map((name) => [name, [] as R[]])) as Record<Name, R[]>
  for (let round = 0; round < rounds; round++) {
    for (let place = 0; place < contenders.length; place++) {
      const name = contenders[(place + round) % contenders.length] as Name
      results[name].push(await turn(name, round))
    }
  }
  return results
}
