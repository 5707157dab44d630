import { expect, it } from 'vitest'
import { historyText, parseHistory } from '../src/faults/history.ts'
import { judge } from '../src/faults/judge.ts'
import { runFaults } from '../src/faults/run.ts'
import { faultsTable } from '../src/faults/table.ts'

it('finds no violation in a short run with every fault once', { timeout: 300_000 }, async () => {
  const say = (line: string): void => void process.stderr.write(`${line}\n`)
  const history = await runFaults({ seed: 1, forMs: 0, faultMs: 600, calmMs: 250, restMs: 20, say })
  say(faultsTable([history]))
  expect(history.visits.length).toBeGreaterThan(500)
  // As it would be read from a file: what is not kept is not judged.
  expect(judge(parseHistory(historyText(history)))).toEqual([])
})
